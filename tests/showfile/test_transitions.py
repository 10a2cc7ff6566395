"""Transitions: their files as text, and on the GPU: at both ends exactly one of the two pictures."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from installation.core import parts
from installation.core.errors import PartError
from installation.engine.view import Picture, View
from installation.showfile.listing import listing
from installation.showfile.transitions import Option, load_transition, read_transition

NAMES = parts.kinds("transition")
BODY = "\nvec4 transition(vec2 uv) { return mix(getFromColor(uv), getToColor(uv), progress); }\n"


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str, name: str = "mine") -> Path:
        path = tmp_path / f"{name}.glsl"
        path.write_text(text, "utf-8")
        return path

    return written


# ---------------------------------------------------------------- as text


@pytest.mark.parametrize("name", NAMES)
def test_every_transition_reads_and_has_its_defaults(name: str) -> None:
    transition = load_transition(name)
    assert transition.settle({}) == {option.name: option.default for option in transition.options}


@pytest.mark.parametrize("name", ["dissolve", "impasto", "wipe"])
def test_ours_say_what_they_do(name: str) -> None:
    assert load_transition(name).doc.endswith(".")


@pytest.mark.parametrize(
    ("line", "type_", "default"),
    [
        ("uniform float speed; // = 1.5", "float", 1.5),
        ("uniform float speed; // = 30", "float", 30.0),
        ("uniform float speed = .5;", "float", 0.5),
        ("uniform float speed /* = -2e-1 */;", "float", -0.2),
        ("uniform float speed; /* = 2.0 */", "float", 2.0),
        ("uniform float speed;", "float", 0.0),
        ("  uniform int speed; // = 7", "int", 7),
        ("uniform bool speed; // = true", "bool", True),
        ("uniform bool speed; // = false", "bool", False),
        ("uniform vec2 speed; // = vec2(1.0, -0.5)", "vec2", (1.0, -0.5)),
        ("uniform vec3 speed; // = vec3(0.2)", "vec3", (0.2, 0.2, 0.2)),
        ("uniform vec4 speed/* = vec4(0, 0, 0, 1) */;", "vec4", (0.0, 0.0, 0.0, 1.0)),
        ("uniform ivec2 speed; // = ivec2(10, 12)", "ivec2", (10, 12)),
    ],
)
def test_options_are_uniforms_with_their_default_in_a_comment(write, line: str, type_: str, default: object) -> None:
    assert read_transition(write(line + BODY)).options == (Option("speed", type_, default),)


def test_what_the_stage_sets_and_what_stands_in_comments_is_no_option(write) -> None:
    text = (
        "// uniform float old; // = 1.0\n/*\nuniform float older;\n*/\nuniform float progress;\nuniform float ratio;\n"
    )
    assert read_transition(write(text + BODY)).options == ()


@pytest.mark.parametrize(
    ("head", "doc"),
    [
        ("// Fades.\n// More of it.\n", "Fades."),
        ("// Author: Somebody\n// License: MIT\n// Fades.\n", "Fades."),
        ("\n/* Fades. */\n", "Fades."),
        ("/*\n * Fades.\n */\n", "Fades."),
        ("uniform float a; // = 1.0\n// Fades.\n", ""),
    ],
)
def test_the_doc_is_the_first_comment(write, head: str, doc: str) -> None:
    assert read_transition(write(head + BODY)).doc == doc


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("void main() {}", ":1: found no function transition, expected vec4 transition(vec2 uv)"),
        ("// vec4 transition(vec2 uv)\n", ":1: found no function transition, expected vec4 transition(vec2 uv)"),
        (
            "\nuniform sampler2D luma;" + BODY,
            ':2: transition "mine" needs the texture luma (uniform sampler2D)',
        ),
        ("\nuniform mat3 turn;" + BODY, ":2: turn: found uniform mat3, expected one of float, int, bool"),
        ("\n\nuniform vec2 a; // = vec2(1.0, 2.0, 3.0)" + BODY, ":3: a: found default 'vec2(1.0, 2.0, 3.0)'"),
        ("//" + "x" * 70_000, ": found 70002 bytes, expected at most 65536"),
    ],
)
def test_a_file_that_keeps_no_contract_is_told_where(write, text: str, message: str) -> None:
    path = write(text)
    with pytest.raises(PartError) as caught:
        read_transition(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.glsl"
    path.write_bytes(b"\x00\xff")
    with pytest.raises(PartError, match="byte 1 that is not UTF-8"):
        read_transition(path)


def test_options_are_settled_or_refused(write) -> None:
    text = "uniform float speed; // = 1.0\nuniform ivec2 cells; // = ivec2(2, 3)\nuniform bool hard; // = false"
    transition = read_transition(write(text + BODY))
    assert transition.settle({"cells": [4, 5.0], "hard": True}) == {"speed": 1.0, "cells": (4, 5), "hard": True}
    for given, message in [
        ({"sped": 1.0}, 'transition "mine": no option "sped"; it has speed, cells, hard; did you mean "speed"?'),
        ({"speed": "fast"}, "transition \"mine\": speed: found 'fast', expected a number"),
        ({"speed": float("nan")}, 'transition "mine": speed: found nan, expected a number'),
        ({"cells": 3}, 'transition "mine": cells: found 3, expected a list of 2 whole numbers'),
        ({"cells": [1.5, 2]}, 'transition "mine": cells: found [1.5, 2], expected a list of 2 whole numbers'),
        ({"hard": 0.5}, 'transition "mine": hard: found 0.5, expected true or false'),
    ]:
        with pytest.raises(PartError) as caught:
            transition.settle(given)
        assert str(caught.value) == message


def test_a_transition_that_is_not_there() -> None:
    with pytest.raises(PartError, match=r'no transition "disolve"; .* did you mean "dissolve"\?'):
        load_transition("disolve")


# ---------------------------------------------------------------- on the GPU


@pytest.fixture(scope="module")
def easel() -> Iterator["Easel"]:
    easel = Easel()
    yield easel
    easel.close()


class Easel:
    """Two canvases of noise on a stage of its own, and what a transition makes of them."""

    def __init__(self) -> None:
        from installation.stage import gl, open_stage
        from installation.stage.changes import Changes

        self.stage = open_stage("headless", (96, 64))
        self.changes = Changes(self.stage._context)
        self.before, self.after, self.target = (gl.canvas(self.stage._context, (96, 64)) for _ in range(3))
        random = np.random.default_rng(1)
        for canvas in (self.before, self.after):
            gl.texture_of(canvas).write(random.integers(0, 256, (64, 96, 4), np.uint8).tobytes())
        self.close = self.stage.close

    def at(self, name: str, progress: float, framed: bool) -> np.ndarray:
        from installation.stage import gl
        from installation.stage.layout import Rect

        picture = Picture(0, None, None, 0.0)
        view = View(picture, picture, name, {}, progress)
        area = Rect(16, 8, 64, 48) if framed else None
        self.changes.paint(self.target, area, self.before, self.after, view)
        pixels = gl.read(self.target).astype(int)
        return pixels[8:56, 16:80] if framed else pixels

    def picture(self, canvas, framed: bool) -> np.ndarray:
        from installation.stage import gl

        pixels = gl.read(canvas).astype(int)
        return pixels[8:56, 16:80] if framed else pixels


@pytest.mark.gl
@pytest.mark.parametrize("framed", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_ends_are_exact(easel: Easel, name: str, framed: bool) -> None:
    """At progress 0 the one picture, at 1 the other, to within one level; and something else in between."""
    before, after = easel.picture(easel.before, framed), easel.picture(easel.after, framed)
    assert np.abs(easel.at(name, 0.0, framed) - before).max() <= 1
    assert np.abs(easel.at(name, 1.0, framed) - after).max() <= 1
    middle = easel.at(name, 0.5, framed)
    assert np.abs(middle - before).mean() > 4
    assert np.abs(middle - after).mean() > 4


@pytest.mark.gl
def test_a_dropped_file_works(easel: Easel, write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written as such files are found elsewhere: credits, options of its own, names that the stage might have used."""
    path = write(
        "// Author: Somebody\n// License: MIT\n"
        "uniform vec3 color /* = vec3(1.0, 0.0, 0.0) */;\nuniform vec4 inset; // = vec4(0.0)\n"
        "uniform ivec2 squares; // = ivec2(4)\nconst float within = 0.5;\n"
        "vec4 transition(vec2 uv) { return progress < within ? getFromColor(uv) : vec4(color, 1.0) + inset.x; }"
    )
    monkeypatch.setitem(parts.ROOMS, "transition", (path.parent, ".glsl", ""))
    easel.changes = type(easel.changes)(easel.stage._context)
    assert np.abs(easel.at("mine", 0.2, False) - easel.picture(easel.before, False)).max() <= 1
    assert (easel.at("mine", 0.7, False) == (255, 0, 0)).all()


DEFECTS = {
    "jumps at the beginning": "return mix(getFromColor(uv), getToColor(uv), 0.3 + 0.7 * progress);",
    "jumps at the end": "return getFromColor(uv + vec2(progress, 0.0)) * (1.0 - 0.5 * progress);",
    "is black at both": "return vec4(0.0);",
    "divides nothing by nothing at the beginning": "return getToColor(uv) * (progress / progress);",
    "takes the root of less than nothing at the end": "return getFromColor(uv) * sqrt(0.9 - progress);",
    "divides by nothing at the end": "return getFromColor(uv) / (1.0 - progress);",
}


@pytest.mark.gl
@pytest.mark.parametrize("framed", [False, True])
@pytest.mark.parametrize("body", DEFECTS.values(), ids=DEFECTS)
def test_what_misses_an_end_is_eased_to_it(easel: Easel, write, monkeypatch, body: str, framed: bool) -> None:
    """Exact at both ends, close to them beside, and never more than a step of the easing at once."""
    path = write(f"vec4 transition(vec2 uv) {{ {body} }}")
    monkeypatch.setitem(parts.ROOMS, "transition", (path.parent, ".glsl", ""))
    easel.changes = type(easel.changes)(easel.stage._context)
    before, after = easel.picture(easel.before, framed), easel.picture(easel.after, framed)
    for near, far, end in ((0.0, 0.001, before), (1.0, 0.999, after)):
        assert np.abs(easel.at("mine", near, framed) - end).max() <= 1
        assert np.abs(easel.at("mine", far, framed) - end).mean() < 2
    for begin in (0.0, 0.96):
        steps = [easel.at("mine", begin + 0.004 * step, framed) for step in range(11)]
        assert max(np.abs(later - step).mean() for step, later in pairwise(steps)) < 32


@pytest.mark.gl
def test_where_a_transition_gives_no_number_the_pictures_are_mixed(easel: Easel, write, monkeypatch) -> None:
    path = write("vec4 transition(vec2 uv) { return vec4(0.0) / (progress - progress); }")
    monkeypatch.setitem(parts.ROOMS, "transition", (path.parent, ".glsl", ""))
    easel.changes = type(easel.changes)(easel.stage._context)
    mixed = (easel.picture(easel.before, False) + easel.picture(easel.after, False)) / 2
    assert np.abs(easel.at("mine", 0.5, False) - mixed).max() <= 1.5


def test_dropped_files_are_listed_whatever_they_lack(write, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name where there is no comment; with what is wrong where it cannot be read."""
    folder = write("// Author: Somebody\n" + BODY, "bare").parent
    write("uniform sampler2D luma;" + BODY, "needy")
    write("// Fades.\nuniform float a; // = 1.0" + BODY, "told")
    monkeypatch.setitem(parts.ROOMS, "transition", (folder, ".glsl", ""))
    listed = listing().partition("TRANSITIONS\n")[2].split("\n")
    assert listed[0] == "  bare"
    assert listed[1].startswith("  needy: cannot be read: ")
    assert 'transition "needy" needs the texture luma (uniform sampler2D)' in listed[1]
    assert listed[2:] == ["  told: Fades.", "    option a = 1.0 (float)"]


@pytest.mark.gl
@pytest.mark.parametrize(("body", "line"), [("  vec4 a = 1.0 +;\n", 5), ("  vec4 a = nowhere(uv);\n", 5)])
def test_a_broken_shader_is_told_with_file_and_line(easel: Easel, write, body: str, line: int) -> None:
    path = write(
        f"// Broken.\nuniform float a; // = 1.0\n\nvec4 transition(vec2 uv) {{\n{body}  return a;\n}}\n", "broken"
    )
    with pytest.raises(PartError) as caught:
        easel.changes.compile(read_transition(path), framed=False)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert "error" in str(caught.value)
    assert "\n" not in str(caught.value)
