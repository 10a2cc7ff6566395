"""The look at the machine that an operator asks for: one at a time, bounded, and told why where it fails."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from installation.web import console_doctor
from installation.web.console_doctor import Doctor, read

FINDING = {"group": "Hardware", "subject": "disk", "light": "green", "found": "71 GB free", "advice": ""}


def says(words: str) -> tuple[str, ...]:
    return (sys.executable, "-c", words)


def asked(folder: Path, command: tuple[str, ...]) -> Doctor:
    """One that has ended."""

    async def ask() -> Doctor:
        doctor = Doctor(folder, headless=True)
        doctor._command = command
        assert doctor.ask() == ""
        assert doctor.told["works"]
        assert "already" in doctor.ask()
        assert doctor._task is not None
        await doctor._task
        return doctor

    return asyncio.run(ask())


def test_what_it_found_is_told_and_it_is_not_asked_again_and_again(tmp_path: Path) -> None:
    doctor = asked(tmp_path, says(f"print({json.dumps({'findings': [FINDING]})!r})"))
    assert (doctor.told["findings"], doctor.told["fault"], doctor.told["works"]) == ([FINDING], "", False)
    assert "has just been looked at" in doctor.ask()


@pytest.mark.parametrize("words", ["pass", "print('{')", "print([])", "print({'findings': 1})"])
def test_what_tells_nothing_is_a_fault(tmp_path: Path, words: str) -> None:
    assert asked(tmp_path, says(words)).told["fault"]


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_doctor, "LONGEST", 0.2)
    assert "longer than" in asked(tmp_path, says("import time; time.sleep(600)")).told["fault"]


def test_no_more_is_read_than_there_is_room_for(tmp_path: Path) -> None:
    assert asked(tmp_path, says("while True: print('x' * 1000)")).told["fault"]
    many = {"findings": [{**FINDING, "found": "x" * 9000, "odd": 1}] * 900}
    told = read(json.dumps(many).encode())
    assert len(told) == 200
    assert told[0] == {**FINDING, "found": "x" * 500}
