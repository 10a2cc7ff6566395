"""A good show: what of it is filled in, what it offers, and that reading it opens and loads nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from installation.core import parts
from installation.core.errors import ShowError
from installation.core.words import merged, phrase
from installation.showfile.load import Show, load
from tests.stub_rooms import ROOMS
from tests.timeout import TIMEOUT

ROOT = Path(__file__).resolve().parents[2]

SMALL = """
[show]
title = "Small"

[[piece]]
name = "one"
duration = "1 min"
generator = "paint"
walk = "round"
"""

LARGE = """
[show]
title = { nl = "Groot" }
languages = ["en", "nl", "pt-BR"]
order = "votes"
seed = 7
transition = { kind = "slide", duration = 3, direction = [0, 1] }

[stage]
brightness = 0.9

[web]
bind = "0.0.0.0"
port = 8081
url = "http://wall.local:8081/"

[operator]
surfaces = ["192.168.1.20:9000", "[fe80::1]:9000"]
allow = ["192.168.1.77/24"]
release = "1 min 30 s"

[[sensor]]
kind = "eye"
name = "door"

[[sensor]]
kind = "ear"
name = "hall-2"

[[piece]]
name = "one"
duration = "1 h 30 min"
generator = { kind = "paint", detail = 2, mirror = true }
walk = { kind = "round", seeds = [1, 2, 3], period = "2 min" }
hang = "wall"
label = { title = { en = "One", nl = "Een" }, date = 2026 }

  [[piece.wire]]
  signal = "door.x"
  control = "/walk/speed"

  [[piece.wire]]
  signal = "door.clap"
  control = "show/next"
  in = [0, 2]
  out = [1, 0]
  curve = "exp"
  smooth = "2 s"

  [piece.set]
  "walk/speed" = 2
  "/generator/tint" = "cold"
  "stage/label" = 0.5

[[piece]]
name = "two"
duration = 90
generator = "paint"
walk = "round"
transition = { kind = "dissolve", outgoing = "hold" }
"""


@pytest.fixture(autouse=True)
def _stub_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROOMS", ROOMS)


def show(folder: Path, text: str, **options: Any) -> Show:
    path = folder / "night.toml"
    path.write_text(text, "utf-8")
    return load(path, **options)


@pytest.fixture
def small(tmp_path: Path) -> Show:
    return show(tmp_path, SMALL)


@pytest.fixture
def large(tmp_path: Path) -> Show:
    return show(tmp_path, LARGE)


# ---------------------------------------------------------------- what need not be written


def test_what_is_filled_in(small: Show) -> None:
    assert (small.languages, small.order, small.seed) == (("en",), "listed", 0)
    assert small.title == {"en": "Small"}
    assert (small.stage.brightness, small.stage.panel) == (1.0, False)
    assert (small.web.enabled, small.web.bind, small.web.port, small.web.url) == (True, "127.0.0.1", 8080, "")
    assert (small.operator.enabled, small.operator.bind, small.operator.port, small.operator.release) == (
        True,
        "127.0.0.1",
        8000,
        30.0,
    )
    assert (small.operator.surfaces, small.operator.allow, small.sensors, small.signals()) == ((), (), (), ())
    (piece,) = small.pieces
    assert (piece.hang, piece.poster, piece.wires) == ("bleed", None, ())
    assert piece.label.title == piece.label.text == {"en": ""}
    assert (piece.transition.kind, piece.transition.duration, piece.transition.outgoing) == ("dissolve", 2.0, "play")
    assert piece.transition.options == {}


def test_what_is_written(large: Show) -> None:
    assert (large.order, large.seed, large.stage.panel) == ("votes", 7, True)
    assert (large.web.bind, large.web.port, large.web.url) == ("0.0.0.0", 8081, "http://wall.local:8081/")
    assert large.operator.surfaces == ("192.168.1.20:9000", "[fe80::1]:9000")
    assert (large.operator.allow, large.operator.release) == (("192.168.1.0/24",), 90.0)
    one, two = large.pieces
    assert (one.name, one.duration, one.hang, two.duration) == ("one", 5400.0, "wall", 90.0)
    assert (one.walk.period, one.walk.seeds) == (120.0, (1, 2, 3))


def test_where_it_lies(small: Show, tmp_path: Path) -> None:
    assert (small.path, small.folder, small.stem) == (tmp_path / "night.toml", tmp_path, "night")


def test_the_seed_of_the_command_wins(tmp_path: Path) -> None:
    assert show(tmp_path, LARGE, seed=3).seed == 3


def test_nothing_of_it_changes(small: Show) -> None:
    with pytest.raises(AttributeError):
        small.seed = 2  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        small.pieces[0].name = "two"


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_files_from_windows(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(change(SMALL).encode())
    assert load(str(path)).title == {"en": "Small"}


# ---------------------------------------------------------------- texts


def test_every_text_is_there_in_every_language(large: Show) -> None:
    assert large.title == {"en": "Groot", "nl": "Groot", "pt-BR": "Groot"}
    assert (large.title_in("nl"), large.title_in("de")) == ("Groot", "Groot")
    label = large.pieces[0].label
    assert label.title == {"en": "One", "nl": "Een", "pt-BR": "One"}
    assert label.date == dict.fromkeys(("en", "nl", "pt-BR"), "2026")
    assert json.dumps(label.title)


# ---------------------------------------------------------------- signals, controls, rests


def test_signals_are_called_by_their_sensor(large: Show) -> None:
    names = [signal.name for signal in large.signals()]
    assert names == ["door.motion", "door.x", "door.clap", "hall-2.level"]


def test_the_control_table_has_what_every_show_has_and_what_the_parts_bring(large: Show) -> None:
    table = large.controls()
    assert list(table)[:8] == [
        "/stage/brightness",
        "/stage/label",
        "/stage/relief",
        "/stage/weave",
        "/stage/craquelure",
        "/stage/varnish",
        "/stage/lamp/x",
        "/stage/lamp/y",
    ]
    assert list(large.commands()) == [
        "/show/next",
        "/show/hold",
        "/show/piece",
        "/stage/blackout",
        "/stage/freeze",
        "/desk/release",
        "/walk/next",
        "/walk/back",
        "/walk/kick",
        "/vote/like",
        "/vote/pass",
        "/vote/left",
        "/vote/right",
        "/taste/reset",
        "/cue/snapshot",
    ]
    assert not table.keys() & large.commands().keys()
    assert {"/walk/speed", "/generator/detail", "/generator/splash"} <= set(table)
    assert large.commands()["/show/piece"].choices == ("one", "two")
    assert all(piece.controls().keys() <= table.keys() for piece in large.pieces)


def test_a_piece_rests_at_its_own_options_and_at_what_it_sets(large: Show) -> None:
    one, two = (piece.rests() for piece in large.pieces)
    assert (one["/generator/detail"], two["/generator/detail"]) == (2.0, 1.0)
    assert (one["/walk/speed"], two["/walk/speed"]) == (2.0, 1.0)
    assert (one["/generator/tint"], one["/generator/mirror"], one["/stage/label"]) == (1.0, 1.0, 0.5)
    assert one["/stage/brightness"] == two["/stage/brightness"] == 0.9
    assert not {"/show/next", "/desk/release", "/generator/splash"} & one.keys()
    for piece in large.pieces:
        controls = piece.controls()
        assert all(controls[address].accept(value) == value for address, value in piece.rests().items())


def test_wires_are_whole(large: Show) -> None:
    level, pulse = large.pieces[0].wires
    assert (level.signal, level.control, level.address) == ("door.x", "walk/speed", "/walk/speed")
    assert (level.in_, level.out, level.curve, level.smooth) == ((-1.0, 1.0), (0.0, 4.0), "linear", 0.25)
    assert (pulse.in_, pulse.out, pulse.curve, pulse.smooth) == ((0.0, 2.0), (1.0, 0.0), "exp", 2.0)


def test_a_piece_comes_on_by_its_own_transition_or_the_shows(large: Show) -> None:
    one, two = (piece.transition for piece in large.pieces)
    assert (one.kind, one.duration, one.outgoing) == ("slide", 3.0, "play")
    assert one.options == {"direction": (0.0, 1.0), "softness": 0.25, "bands": 3, "hard": False}
    assert (two.kind, two.duration, two.outgoing, two.options) == ("dissolve", 2.0, "hold", {})


def test_a_uniform_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "uniform float copy; // = 1\nuniform int _n; // = 2\nuniform float duration;\nvec4 transition(vec2 uv) {}"
    (tmp_path / "odd.glsl").write_text(code)
    monkeypatch.setitem(parts.ROOMS, "transition", (tmp_path, ".glsl", ""))
    text = SMALL.replace('"Small"', '"Small"\ntransition = { kind = "odd", _n = 5, duration = "4 s" }')
    change = show(tmp_path, text).pieces[0].transition
    assert (change.duration, change.options) == (4.0, {"copy": 1.0, "_n": 5})


# ---------------------------------------------------------------- files


def test_files_lie_beside_the_show_wherever_it_is_read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.model").write_text("")
    (tmp_path / "one.jpg").write_text("")
    text = SMALL.replace('"paint"', '{ kind = "paint", model = "models/a.model" }') + 'poster = "one.jpg"\n'
    (tmp_path / "night.toml").write_text(text)
    monkeypatch.chdir(tmp_path.parent)
    piece = load(f"{tmp_path.name}/night.toml").pieces[0]
    assert piece.generator.model == tmp_path / "models" / "a.model"
    assert piece.poster == tmp_path / "one.jpg"


def test_a_show_brings_words_of_its_own(tmp_path: Path) -> None:
    own = show(tmp_path, SMALL + '\n[words.ko]\ncall = "次に掛ける作品に投票"\n[words.nl]\ncall = "Kies maar"\n').words
    words = merged(own)
    assert phrase(words, ["ko"], "call") == "次に掛ける作品に投票"
    assert phrase(words, ["ko"], "left") == "{time} left"
    assert phrase(words, ["nl-BE", "en"], "call") == "Kies maar"
    assert phrase(words, ["nl"], "left") == "nog {time}"
    assert phrase(words, ["xx"], "call") == "Vote for what hangs next"


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        (
            "",
            'reach http://127.0.0.1:8080/, so the wall shows no code; under [web], write bind = "0.0.0.0"',
        ),
        ('bind = "::1"\n', 'write bind = "0.0.0.0"'),
        ('url = "http://localhost:8080/"\n', 'write url = "http://<this machine>:8080/"'),
        ('bind = "0.0.0.0"\n', ""),
        ('url = "http://wall.local/"\n', ""),
        ("enabled = false\n", ""),
    ],
)
def test_a_vote_that_no_phone_reaches_is_warned_of(tmp_path: Path, settings: str, warning: str) -> None:
    votes = SMALL.replace('"Small"', '"Small"\norder = "votes"') + f"\n[web]\n{settings}"
    warnings = show(tmp_path, votes).warnings()
    assert len(warnings) == bool(warning)
    assert warning in "".join(warnings)
    assert show(tmp_path, SMALL).warnings() == ()


# ---------------------------------------------------------------- several rooms


@pytest.mark.parametrize("room", ["web", "operator"])
def test_a_closed_room_takes_no_port(tmp_path: Path, room: str) -> None:
    both = "\n[web]\nport = 9000\n[operator]\nport = 9000\n"
    with pytest.raises(ShowError, match="a port of its own"):
        show(tmp_path, SMALL + both)
    assert show(tmp_path, SMALL + both.replace(f"[{room}]", f"[{room}]\nenabled = false"))


def test_votes_with_two_pieces_or_one_are_allowed(tmp_path: Path) -> None:
    assert show(tmp_path, SMALL.replace('"Small"', '"Small"\norder = "votes"')).stage.panel is True


HEAVY = ["torch", "pygame", "moderngl", "cv2", "aiohttp", "sounddevice", "av", "PIL"]
CHECK = """
import json, sys
from installation.core.errors import ShowError
from installation.showfile.load import load
for path in sys.argv[1:]:
    try:
        load(path)
    except ShowError as error:
        print(error, file=sys.stderr)
print(json.dumps(sorted(sys.modules)))
"""


def test_a_check_loads_nothing_heavy() -> None:
    paths = map(str, sorted((ROOT / "shows").glob("*.toml")))
    command = [sys.executable, "-c", CHECK, *paths]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    assert not set(HEAVY) & set(json.loads(done.stdout))
