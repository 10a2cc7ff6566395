"""Where a show was, kept from one start to the next."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installation.state import EVERY, FILE, StateFile

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def kept(folder: Path, state: dict[str, object]) -> StateFile:
    file = StateFile(folder)
    file.start()
    file.keep(state, NOON)
    file.close()
    return file


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    kept(tmp_path / "new", {"playback": {"piece": "a"}})
    state, age = StateFile(tmp_path / "new").read(NOON + timedelta(seconds=90))
    assert state["playback"] == {"piece": "a"}
    assert age == timedelta(seconds=90)
    assert StateFile(tmp_path / "new").read(NOON - timedelta(hours=1))[1] == timedelta(hours=1)
    assert StateFile(tmp_path / "nowhere").read(NOON) == ({}, timedelta.max)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"civil": "noon"}', b'{"civil": 3}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_spoiled_file_is_told_and_the_show_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert StateFile(tmp_path).read(NOON) == ({}, timedelta.max)
    assert "the show begins anew" in caplog.text


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    file = kept(tmp_path / "file" / "state", {})
    assert "cannot be written" in file.fault
    assert caplog.text.count("cannot be written") == 1


def test_it_is_due_at_every_change_and_once_a_second(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    course = [file.due(now, change) for now, change in ((0.0, 1), (0.1, 1), (0.2, 2), (0.3, 2), (0.2 + EVERY, 2))]
    assert course == [True, False, True, False, True]


def test_the_file_is_json(tmp_path: Path) -> None:
    kept(tmp_path, {"walks": {"a": 1.5}})
    assert json.loads((tmp_path / FILE).read_text()) == {"walks": {"a": 1.5}, "civil": NOON.isoformat()}
