"""The TouchOSC layout, read back by a library that we did not write."""

from pathlib import Path

import py2tosc
import pytest

from installation.controls import Control
from installation.desk.touchosc import layout

CONTROLS = {
    control.address: control
    for control in (
        Control("/show/next", "next", "pulse"),
        Control("/show/hold", "hold", "bool"),
        Control("/show/piece", "piece", "choice", choices=("sitters", "company & co")),
        Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0, "x"),
        Control("/generator/count", "count", "int", 1, 9, 3),
        Control("/generator/psi", "psi <of> truncation", "float", 0.0, 1.2, 0.7),
    )
}


@pytest.fixture
def document(tmp_path: Path) -> py2tosc.Document:
    path = tmp_path / "show.tosc"
    path.write_bytes(layout(CONTROLS, 'The "Next" <Rembrandt>'))
    return py2tosc.load(path)


def sent(document: py2tosc.Document) -> dict[str, tuple[str, py2tosc.OscMessage]]:
    """What the layout sends: address -> (kind of control, message)."""
    found = {}
    for control in document.walk():
        for message in control.messages:
            if isinstance(message, py2tosc.OscMessage) and message.send:
                found["".join(str(part.value) for part in message.path)] = (str(control.control_type), message)
    return found


def test_it_is_valid_and_can_be_drawn(document: py2tosc.Document) -> None:
    assert list(document.validate()) == []
    assert "company &amp; co" in py2tosc.to_svg(document)


def test_every_control_is_sent_by_the_right_kind_of_knob(document: py2tosc.Document) -> None:
    kinds = {address: kind.rpartition(".")[2] for address, (kind, _) in sent(document).items()}
    assert kinds == {
        "/show/next": "BUTTON",
        "/show/hold": "BUTTON",
        "/show/piece": "RADIO",
        "/walk/speed": "FADER",
        "/generator/count": "FADER",
        "/generator/psi": "FADER",
    }


def test_a_fader_sends_its_controls_range(document: py2tosc.Document) -> None:
    argument = sent(document)["/walk/speed"][1].arguments[0]
    assert (float(argument.scale_min), float(argument.scale_max)) == (0.0, 4.0)


def test_a_pulse_is_sent_on_the_way_down_only(document: py2tosc.Document) -> None:
    message = sent(document)["/show/next"][1]
    assert [str(trigger.condition).rpartition(".")[2] for trigger in message.triggers] == ["RISE"]
    assert float(message.arguments[0].value) == 1.0


def test_nothing_is_echoed(document: py2tosc.Document) -> None:
    assert not any(message.feedback for control in document.walk() for message in control.messages)


def test_no_knobs_overlap(document: py2tosc.Document) -> None:
    kinds = ("FADER", "BUTTON", "RADIO")
    for page in document.walk():
        boxes = [c.frame for c in page.children if str(c.control_type).rpartition(".")[2] in kinds]
        for index, one in enumerate(boxes):
            for other in boxes[index + 1 :]:
                apart = (
                    one.x + one.w <= other.x
                    or other.x + other.w <= one.x
                    or one.y + one.h <= other.y
                    or other.y + other.h <= one.y
                )
                assert apart, (one, other)


def test_the_same_show_gives_the_same_bytes() -> None:
    assert layout(CONTROLS, "Show") == layout(CONTROLS, "Show")
