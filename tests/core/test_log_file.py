"""The log of a show: JSON lines, bounded in all, begun anew where it was removed."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from installation.core import log_file
from installation.core.log_file import keep_log


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """The root logger, which is afterwards as it was before."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers.clear()
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before, level


def messages(path: Path) -> list[str]:
    return [json.loads(line)["message"] for line in path.read_text("utf-8").splitlines()]


def test_a_line_is_an_object_with_its_traceback(tmp_path: Path, log: logging.Logger) -> None:
    keep_log(tmp_path, "show")
    try:
        raise ValueError("a wrong value")
    except ValueError:
        log.exception("it went\nwrong")
    (line,) = (tmp_path / "vernissage.log").read_text("utf-8").splitlines()
    found = json.loads(line)
    assert (found["level"], found["process"], found["message"]) == ("error", "show", "it went\nwrong")
    assert found["traceback"].endswith("ValueError: a wrong value")


def test_all_files_together_are_bounded_and_the_newest_lines_stay(
    tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert log_file.LARGEST * (log_file.KEPT + 1) <= 50e6 - log_file.LONGEST
    monkeypatch.setattr(log_file, "LARGEST", 20_000)
    keep_log(tmp_path, "show")
    for number in range(2000):
        log.info("line %d of a night in which much happens", number)
    files = list(tmp_path.iterdir())
    assert len(files) == log_file.KEPT + 1
    assert sum(file.stat().st_size for file in files) <= 20_000 * len(files)
    assert messages(tmp_path / "vernissage.log")[-1] == "line 1999 of a night in which much happens"


@pytest.mark.skipif("os.name == 'nt'", reason="Windows removes no file that is open")
def test_a_log_that_was_removed_is_begun_anew(tmp_path: Path, log: logging.Logger) -> None:
    folder = tmp_path / "state"
    keep_log(folder, "show")
    log.info("before")
    shutil.rmtree(folder)
    log.info("after")
    log.info("and on")
    assert messages(folder / "vernissage.log") == ["after", "and on"]


@pytest.mark.skipif("os.name == 'nt'", reason="Windows removes no file that is open")
def test_where_it_cannot_be_begun_anew_nothing_is_raised(
    tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "state"
    keep_log(folder, "show")
    shutil.rmtree(folder)
    folder.write_text("in the way")
    log.info("said all the same")
    assert capsys.readouterr().err.endswith("said all the same\n")
    folder.unlink()
    log.info("room again")
    assert messages(folder / "vernissage.log") == ["room again"]


def test_a_log_that_could_not_be_written_at_the_start_is_begun_once_it_can(
    tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "state"
    folder.write_text("in the way")
    keep_log(folder, "show")
    log.info("on the screen alone")
    assert "keeps no log and no votes until it can" in capsys.readouterr().err
    folder.unlink()
    log.info("room again")
    assert messages(folder / "vernissage.log") == ["room again"]


def test_the_same_trouble_is_told_once_a_minute(
    tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moments: list[float] = []
    monkeypatch.setattr("time.monotonic", lambda: moments[-1])
    keep_log(tmp_path, "show")
    for at in (1000.0, 1030.0, 1061.0):
        moments.append(at)
        log.warning("no room for %s", "votes")
        log.warning("no room for %s", "the place")
        log.info("said each time")
    told = ["no room for votes", "no room for the place", "said each time", "said each time"]
    told += ["no room for votes", "no room for the place", "said each time"]
    assert messages(tmp_path / "vernissage.log") == told
    assert [line.partition(" ")[2] for line in capsys.readouterr().err.splitlines()] == told
