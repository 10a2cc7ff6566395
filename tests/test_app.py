"""The program's errands and its exits: what a person gets for each, and never a traceback."""

import json
import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installation import app
from installation.app import main, table_of
from installation.core import parts
from installation.core.disk_cache import DiskCache
from installation.core.errors import DisplayLost, ShowError
from installation.core.parts import ROOT
from installation.options import parse
from installation.process.heartbeat import Heartbeat, Orders
from installation.showfile.good import keep_good
from installation.showfile.load import load
from tests.operator.address_page import markdown
from tests.timeout import TIMEOUT

REHEARSAL = ROOT / "shows" / "rehearsal.toml"


def test_check_says_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(REHEARSAL), "--check"]) == 0
    assert "good: 3 pieces, 1 sensor, " in capsys.readouterr().out


def test_check_tells_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show = tmp_path / "wrong.toml"
    show.write_text(REHEARSAL.read_text().replace('"plasma"', '"plasm"').replace("walk/speed", "walk/sped"))
    assert main([str(show), "--check"]) == 2
    said = capsys.readouterr().err
    assert 'did you mean "plasma"?' in said
    assert "nothing was started" in said
    assert "Traceback" not in said


def test_list_has_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    said = capsys.readouterr().out
    for room in parts.ROOMS:
        for kind in parts.kinds(room):
            assert f"\n  {kind}: " in said
    assert "control /generator/psi" in said
    assert "signal motion" in said


def test_agenda_tells_what_hangs_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "agenda.ics"
    assert main([str(REHEARSAL), "--agenda", "2027-12-24..2027-12-25", "--ics", str(out)]) == 0
    assert capsys.readouterr().out.startswith("Fri 2027-12-24  00:00-")
    assert out.read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert main([str(REHEARSAL), "--agenda", "tomorrow"]) == 2
    assert "expected a date" in capsys.readouterr().err


def test_check_warns_of_what_is_hardly_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show = tmp_path / "show.toml"
    text = REHEARSAL.read_text("utf-8")
    show.write_text(f'{text}\n[schedule]\ntimezone = "UTC"\nopen = ["10:00-17:00", "2020-01-01"]\n', "utf-8")
    assert main([str(show), "--check"]) == 0
    assert "warning: " in (told := capsys.readouterr().out)
    assert "schedule.open[2]" in told


def test_touchosc_writes_a_layout_of_this_show(tmp_path: Path) -> None:
    out = tmp_path / "show.tosc"
    assert main([str(REHEARSAL), "--touchosc", str(out)]) == 0
    show = load(REHEARSAL)
    for path in (out, tmp_path / "show-phone.tosc"):
        xml = zlib.decompress(path.read_bytes()).decode()
        for address in (*show.controls(), *show.commands()):
            assert f"[{address}]" in xml


def test_open_stage_control_is_given_a_session_of_this_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "show.json"
    assert main([str(REHEARSAL), "--open-stage-control", str(out)]) == 0
    assert json.loads(out.read_text("utf-8"))["type"] == "session"
    line = f"open-stage-control --send 127.0.0.1:8000 --port 8081 --osc-port 9000 --load {out}"
    assert line in capsys.readouterr().out


def test_a_missing_model_is_told_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show = tmp_path / "nomodel.toml"
    show.write_text(
        '[show]\ntitle = "x"\n[[piece]]\nname = "a"\nduration = "1 min"\n'
        'generator = { kind = "stylegan2", model = "models/none.safetensors" }\nwalk = { kind = "wander" }\n'
    )
    assert main([str(show), "--check"]) == 2
    assert f'{show}:6: piece[1] "a".generator.model: found "models/none.safetensors"' in capsys.readouterr().err


def test_the_list_of_addresses_is_the_bundled_shows() -> None:
    show = load(ROOT / "shows" / "next_rembrandt.toml")
    page = ROOT / "docs" / "osc.md"
    made = markdown(table_of(show), show.title_in("en"))
    if not page.exists() or page.read_text() != made:
        page.write_text(made)
        pytest.fail("docs/osc.md was behind the control table; it is written anew, commit it")


@pytest.mark.gl
@pytest.mark.slow
def test_a_run_reports_records_and_leaves_a_still(tmp_path: Path) -> None:
    report, still, film = tmp_path / "report.json", tmp_path / "wall.png", tmp_path / "film.mp4"
    show = tmp_path / "quiet.toml"
    show.write_text(f"[web]\nenabled = false\n[operator]\nenabled = false\n{REHEARSAL.read_text()}")
    line = [sys.executable, "-m", "installation.app", str(show), "--headless", "--size", "320x180", "--seconds", "4"]
    line += ["--report", str(report), "--still", str(still), "--record", str(film)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=2 * TIMEOUT)
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["painter"]["model"] == "plasma"
    assert still.stat().st_size > 1000
    import av

    with av.open(str(film)) as opened:
        stream = opened.streams.video[0]
        assert (stream.width, stream.height) == (320, 180)
        frames = sum(1 for _ in opened.decode(video=0))
    assert frames > 60


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--always-open"]])
def test_the_first_line_of_a_closed_show_says_when_it_opens(tmp_path: Path, options: list[str]) -> None:
    opens = datetime.now(UTC).date() + timedelta(days=2)
    show = tmp_path / "closed.toml"
    hours = f'[schedule]\ntimezone = "UTC"\nopen = ["{opens} 10:00-11:00"]\n'
    show.write_text(f"[web]\nport = 0\n[operator]\nenabled = false\n{hours}{REHEARSAL.read_text()}")
    line = [sys.executable, "-m", "installation.app", str(show), "--headless", "--size", "320x180", "--seconds", "1"]
    done = subprocess.run(
        [*line, "--state", str(tmp_path / "state"), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    told = f"closed until {opens:%A %d %B} 10:00; --always-open shows it as if it were open"
    assert (told in done.stderr.splitlines()[0]) is not bool(options)
    assert (told in done.stderr) is not bool(options)


@pytest.mark.gl
@pytest.mark.slow
def test_where_nothing_can_be_kept_the_show_hangs_and_says_so(tmp_path: Path) -> None:
    state, still = tmp_path / "file" / "state", tmp_path / "wall.png"
    (tmp_path / "file").touch()  # where the folder should be
    show = tmp_path / "quiet.toml"
    show.write_text(f"[web]\nport = 0\n[operator]\nenabled = false\n{REHEARSAL.read_text()}")
    line = [sys.executable, "-m", "installation.app", str(show), "--headless", "--size", "320x180", "--seconds", "8"]
    line += ["--state", str(state), "--still", str(still)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=2 * TIMEOUT)
    assert done.returncode == 0, done.stderr
    assert still.stat().st_size > 1000
    assert f"{state}: cannot be written" in done.stderr
    assert "the show goes on, and keeps no log and no votes until it can" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_screen_or_none_is_told(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "installation.app", str(REHEARSAL), "--headless", "--display", "9"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=2 * TIMEOUT)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.gl
@pytest.mark.slow
def test_leaving_while_pieces_are_still_opened_is_clean() -> None:
    show = ROOT / "shows" / "next_rembrandt.toml"
    line = [sys.executable, "-m", "installation.app", str(show), "--headless", "--size", "320x180", "--seconds", "0.5"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=2 * TIMEOUT)
    assert done.returncode == 0, done.stderr
    assert "terminate" not in done.stderr


def test_a_show_whose_screen_is_gone_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never had a screen goes on without; one that had one is started again until it is back."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "offscreen")
    options = parse([str(ROOT / "shows" / "rehearsal.toml")])
    assert app._mode(options) == "headless"
    with pytest.raises(DisplayLost, match="still gone"):
        app._mode(options, had_screen=True)
    assert app._mode(replace(options, mode="headless"), had_screen=True) == "headless"


EVENING = '[[cue]]\nname = "evening"\nset = { "stage/brightness" = 0.5 }\n'


@pytest.mark.parametrize(
    ("spoiled", "by"),
    [
        ("again.toml", "broken = ["),
        ("again.cues.toml", "broken = ["),
        ("again.cues.toml", EVENING.replace("0.5", "1.5")),
        ("again.cues.toml", EVENING.replace("evening", "morning")),
    ],
)
@pytest.mark.parametrize("unattended", ["restart", "service"])
def test_what_nobody_watches_being_started_hangs_as_it_was_while_its_file_has_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unattended: str, spoiled: str, by: str
) -> None:
    path, heartbeat = tmp_path / "again.toml", Heartbeat()
    rehearsal = (ROOT / "shows" / "rehearsal.toml").read_text()
    path.write_text(f'{rehearsal}\n[[programme]]\nname = "night"\ncue = "evening"\n')
    path.with_name("again.cues.toml").write_text(EVENING)
    good, options = load(path), parse([str(path), "--headless", "--state", str(tmp_path)])
    keep_good(good, DiskCache(tmp_path / "cache"))
    (tmp_path / spoiled).write_text(by)
    with pytest.raises(ShowError):
        app._loaded(options, heartbeat)
    if unattended == "service":
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    else:
        heartbeat.orders = Orders(restarts=1, why="was ended by SIGKILL")
    again = app._loaded(options, heartbeat)
    assert (again.pieces, again.plan) == (good.pieces, good.plan)


@pytest.mark.parametrize("day", ["tomorrow", "2027-02-29", "0001-01-01", "9999-12-31 23:59", ""])
@pytest.mark.parametrize("option", ["--rehearse", "--day-report"])
def test_a_day_that_is_none_is_refused(option: str, day: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([option, day])
    assert caught.value.code == 2
    assert f'{option}: found "{day}", expected a day' in capsys.readouterr().err
