"""The cue file beside a show: what it adds, its own faults, and what a snapshot writes into it."""

import re
from pathlib import Path

import pytest

from installation.core.commands import Command
from installation.core.controls import Control
from installation.core.errors import ShowError
from installation.showfile.cue_file import MOST, with_cue
from installation.showfile.load import load
from installation.snapshots import Snapshots, keep
from tests.timeout import until

SHOW = """[show]
title = "Cues"

[[cue]]
name = "own"
then = "evening"

[[piece]]
name = "one"
duration = "1 min"
generator = { kind = "plasma", width = 64, height = 48 }
walk = "wander"
"""

EVENING = """
[[cue]]
name = "evening"
set = { "stage/brightness" = 0.5 }
"""

HAND = """# for the evening
[[cue]]
name = "evening"
fade = "2 min" # slowly
set = { "stage/brightness" = 0.5 }

# for the morning
[[cue]]
name = "morning"
then = "evening"
"""

CONTROLS = {
    control.address: control
    for control in (
        Control("/stage/brightness", "", default=1.0),
        Control("/generator/third", "", high=2 / 3),
        Control("/generator/count", "", "int", 0, 9),
        Control("/generator/on", "", "bool"),
        Control("/generator/kind", "", "choice", choices=("flat", "tall")),
    )
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "cues.toml"
    made.write_text(SHOW)
    return made


def test_its_cues_are_the_shows(path: Path) -> None:
    path.with_name("cues.cues.toml").write_text(EVENING)
    show = load(path)
    assert [cue.name for cue in show.plan.cues] == ["own", "evening"]
    assert show.own_cues() == ("own",)
    assert "/cue/evening" in show.commands()


def test_the_schedule_may_name_another_file(path: Path) -> None:
    path.write_text('[schedule]\ncues = "light.toml"\n' + SHOW)
    path.with_name("light.toml").write_text(EVENING)
    assert load(path).cue_file == path.with_name("light.toml")
    path.write_text('[schedule]\ncues = "nowhere/light.toml"\n' + SHOW.replace('then = "evening"\n', ""))
    with pytest.raises(ShowError, match=r"schedule\.cues: found .* expected a file for cues that ends in \.toml"):
        load(path)


def test_its_faults_are_told_with_its_own_name_and_lines(path: Path) -> None:
    beside = path.with_name("cues.cues.toml")
    beside.write_text(EVENING.replace("set", "sett") + "\n[web]\nport = 1\n")
    with pytest.raises(ShowError) as caught:
        load(path)
    told = [(Path(fault.file).name, fault.line, fault.key) for fault in caught.value.faults]
    assert told == [("cues.cues.toml", 4, 'cue[2] "evening".sett'), ("cues.cues.toml", 6, "web")]
    for unread, told in (("[[cue]\n", "syntax"), ("cue = 3\n", "cue")):
        beside.write_text(unread)
        with pytest.raises(ShowError) as caught:
            load(path)
        (fault,) = caught.value.faults
        assert (Path(fault.file).name, fault.line, fault.key) == ("cues.cues.toml", 1, told), "not own.then as well"


def test_a_cue_of_both_files_is_a_fault_of_the_second(path: Path) -> None:
    path.with_name("cues.cues.toml").write_text(EVENING + '\n[[cue]]\nname = "own"\n')
    with pytest.raises(ShowError, match=r'cues\.cues\.toml:7: cue\[3\] "own"\.name: .*cue\[1\] has it'):
        load(path)


def test_only_the_values_of_a_cue_that_is_there_are_replaced() -> None:
    made = with_cue(HAND, "evening", {"/stage/brightness": 0.25, "/generator/on": 1.0}, CONTROLS)
    expected = HAND.replace('{ "stage/brightness" = 0.5 }', '{ "stage/brightness" = 0.25, "generator/on" = true}')
    assert made == expected
    added = with_cue(HAND, "morning", {"/stage/brightness": 1.0}, CONTROLS)
    assert added == HAND + '\n[cue.set]\n"stage/brightness" = 1.0\n'


def test_values_are_written_as_a_show_file_has_them() -> None:
    values = {"/generator/third": 2 / 3, "/generator/count": 3.0, "/generator/on": 0.0, "/generator/kind": 1.0}
    made = with_cue("", "now", values, CONTROLS)
    assert '"generator/third" = 0.6666666666666666' in made, "rounded, it would be out of range"
    assert '"generator/count" = 3\n"generator/on" = false\n"generator/kind" = "tall"\n' in made
    assert '"stage/brightness" = 0.123457' in with_cue("", "now", {"/stage/brightness": 0.12345678}, CONTROLS)


def test_a_file_that_is_full_or_no_toml_is_left_alone() -> None:
    full = "".join(f'[[cue]]\nname = "c{at}"\n' for at in range(MOST))
    with pytest.raises(ValueError, match="256 at most"):
        with_cue(full, "one-more", {}, CONTROLS)
    with pytest.raises(ValueError, match="at line 1"):
        with_cue("[[cue]\n", "evening", {}, CONTROLS)


def test_a_snapshot_is_good_and_leaves_the_shows_own_file_alone(path: Path) -> None:
    path.write_text(SHOW.replace('then = "evening"\n', ""))
    before, show = path.read_text(), load(path)
    rests = show.pieces[0].rests()
    told = keep(show, "evening", {**rests, "/stage/brightness": 0.4})
    assert told == 'the present is the cue "evening" of cues.cues.toml; /cue/evening fires it'
    assert keep(show, "", rests).startswith('the present is the cue "snapshot-1"')
    assert keep(show, "", rests).startswith('the present is the cue "snapshot-2"')
    again = load(path)
    kept = {cue.name: cue for cue in again.plan.cues}
    assert kept["evening"].targets == {**rests, "/stage/brightness": 0.4}
    assert kept["evening"].fade == 5.0
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("own", "is a cue of cues.toml itself"),
        ("OWN", 'expected "own" as it is spelled'),
        ("go", "but not go, back, panic, snapshot"),
        ("open", "means nothing else"),
        ("../own", "letters, digits, - and _"),
        ("x" * 65, "letters, digits, - and _"),
        ('a"\n[web]', "letters, digits, - and _"),
    ],
)
def test_a_name_that_cannot_be_taken(path: Path, name: str, why: str) -> None:
    path.write_text(SHOW.replace('then = "evening"\n', ""))
    with pytest.raises(ValueError, match=re.escape(why)):
        keep(load(path), name, {})
    assert not path.with_name("cues.cues.toml").exists()


def test_a_snapshot_that_cannot_be_written_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text(SHOW.replace('then = "evening"\n', ""))
    path.with_name("cues.cues.toml.partial").mkdir()
    told: list[tuple[str, str]] = []
    show = load(path)
    snapshots = Snapshots(lambda: show, answer=lambda who, text: told.append((who, text)))
    snapshots.start()
    snapshots.take([Command("/show/next"), Command("/cue/snapshot", who="osc 10.0.0.7", text="evening")], {})
    until(lambda: told, "the refusal")
    snapshots.close()
    (who, text) = told[0]
    assert who == "osc 10.0.0.7"
    assert text.startswith("the cue file stays as it is: ")
    assert f"{text} (osc 10.0.0.7 asked)" in caplog.text
