"""A cue of the cue file is edited: its fade and its place; everything else stays as it was written."""

import tomllib
from pathlib import Path

import pytest

from installation.showfile.cue_edit import CueChange, change_cue, changed

FILE = """\
# Cues of the night.

[[cue]]
name = "dim" # for the speech
fade = "5 s"
set = { "stage/brightness" = 0.4 }

[[cue]]
name = "bright"
fade = "2 min"

[cue.set]
"stage/brightness" = 1.0

[[cue]]
name = "calm"
set = { "walk/speed" = 0.2 }
"""


def names(text: str) -> list[str]:
    return [cue["name"] for cue in tomllib.loads(text)["cue"]]


def test_a_fade_is_changed_and_nothing_else() -> None:
    made = changed(FILE, CueChange("dim", fade=12.5))
    assert made == FILE.replace('fade = "5 s"', 'fade = "12.5 s"')
    assert tomllib.loads(changed(FILE, CueChange("calm", fade=0.0)))["cue"][2]["fade"] == "0 s"


@pytest.mark.parametrize(
    ("name", "steps", "order"),
    [
        ("dim", 1, ["bright", "dim", "calm"]),
        ("calm", -1, ["dim", "calm", "bright"]),
        ("calm", -9, ["calm", "dim", "bright"]),
        ("dim", 9, ["bright", "calm", "dim"]),
        ("dim", -1, ["dim", "bright", "calm"]),
    ],
)
def test_a_cue_is_moved_with_all_that_belongs_to_it(name: str, steps: int, order: list[str]) -> None:
    made = changed(FILE, CueChange(name, steps=steps))
    assert names(made) == order
    assert "# for the speech" in made
    before = {cue["name"]: cue for cue in tomllib.loads(FILE)["cue"]}
    assert {cue["name"]: cue for cue in tomllib.loads(made)["cue"]} == before


@pytest.mark.parametrize(
    ("text", "change", "match"),
    [
        (FILE, CueChange("gone", fade=1.0), 'found no cue "gone"'),
        ("", CueChange("dim", steps=1), "found no cue"),
        (FILE, CueChange("dim", fade=-1.0), "expected 0 to 86400"),
        (FILE, CueChange("dim", fade=float("nan")), "expected 0 to 86400"),
        ("[[cue", CueChange("dim", steps=1), "at line 1"),
    ],
)
def test_what_cannot_be_changed_is_told(text: str, change: CueChange, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        changed(text, change)


def test_a_file_is_changed_whole(tmp_path: Path) -> None:
    path = tmp_path / "show.cues.toml"
    path.write_text(FILE)
    change_cue(path, CueChange("dim", fade=1.0, steps=2))
    assert names(path.read_text()) == ["bright", "calm", "dim"]
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match="gone"):
        change_cue(tmp_path / "gone.toml", CueChange("dim"))
