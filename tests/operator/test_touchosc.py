"""The TouchOSC layout, read back by a library that we did not write."""

from itertools import combinations
from pathlib import Path

import py2tosc
import pytest

from installation.core.controls import Control
from installation.operator.touchosc import layout

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


def kind(node: py2tosc.Control) -> str:
    return str(node.control_type)


def osc(node: py2tosc.Control) -> list[py2tosc.OscMessage]:
    return [message for message in node.messages if isinstance(message, py2tosc.OscMessage)]


def sent(document: py2tosc.Document) -> dict[str, tuple[str, py2tosc.OscMessage]]:
    """What the layout sends: address -> (kind of control, message)."""
    return {
        "".join(str(part.value) for part in message.path): (kind(node), message)
        for node in document.walk()
        for message in osc(node)
        if message.send
    }


def test_it_is_valid_and_can_be_drawn(document: py2tosc.Document) -> None:
    assert list(document.validate()) == []
    assert "company &amp; co" in py2tosc.to_svg(document)


def test_every_control_is_sent_by_the_right_kind_of_knob(document: py2tosc.Document) -> None:
    assert {address: kind for address, (kind, _) in sent(document).items()} == {
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
    assert [str(trigger.condition) for trigger in message.triggers] == ["RISE"]
    assert float(message.arguments[0].value) == 1.0
    assert not message.receive


def test_a_choice_is_sent_by_its_number(document: py2tosc.Document) -> None:
    """TouchOSC adds step times span to the low end: 0 and 1 send 0, 1, 2, ..."""
    argument = sent(document)["/show/piece"][1].arguments[0]
    assert (str(argument.conversion), float(argument.scale_min), float(argument.scale_max)) == ("INTEGER", 0.0, 1.0)
    radio = next(node for node in document.walk() if node.get("name") == "/show/piece")
    assert radio.get("steps") == 2


def test_a_switch_stays_and_is_told(document: py2tosc.Document) -> None:
    switch = next(node for node in document.walk() if node.get("name") == "/show/hold")
    assert switch.get("buttonType") == 2
    assert switch.messages[0].receive


def test_a_value_is_shown_as_the_finger_moves_and_as_the_show_tells(document: py2tosc.Document) -> None:
    fader, label = (
        next(node for node in document.walk() if node.get("name") == "/walk/speed" and kind(node) == wanted)
        for wanted in ("FADER", "LABEL")
    )
    (link,) = (message for message in fader.messages if isinstance(message, py2tosc.LocalMessage))
    assert (link.dst_id, link.dst_var, float(link.scale_max)) == (label.id, "text", 4.0)
    assert [(message.send, message.receive) for message in label.messages] == [(False, True)]
    assert label.value("text").default == "1"


def test_what_hangs_now_is_shown(document: py2tosc.Document) -> None:
    heard = {"".join(str(part.value) for part in m.path) for c in document.walk() for m in osc(c) if m.receive}
    assert "/show/now" in heard


def test_nothing_is_echoed(document: py2tosc.Document) -> None:
    assert not any(message.feedback for control in document.walk() for message in osc(control))


def test_words_let_touches_through(document: py2tosc.Document) -> None:
    assert not any(node.get("interactive") for node in document.walk() if kind(node) in ("TEXT", "LABEL"))


def test_every_page_has_a_tab_that_can_be_read(document: py2tosc.Document) -> None:
    (pager,) = (node for node in document.walk() if kind(node) == "PAGER")
    assert [page.get("tabLabel") for page in pager.children] == ["Show", "Walk", "Generator"]
    for page in pager.children:
        assert page.get("textColorOn") != page.get("tabColorOn")
        assert page.get("textColorOff") != page.get("tabColorOff")


def many(room: str, count: int) -> dict[str, Control]:
    types = ("float", "int", "bool", "pulse", "choice")
    addresses = [f"/{room}/{number}" for number in range(count)]
    made = (
        Control(address, "it does something", types[number % 5], 0, 20, choices=("a", "b", "c"))  # type: ignore[arg-type]
        for number, address in enumerate(addresses)
    )
    return {control.address: control for control in made}


@pytest.mark.parametrize("count", [1, 3, 4, 7, 12, 13, 60])
def test_however_many_knobs_none_overlap_or_stick_out(count: int) -> None:
    document = py2tosc.loads(layout(many("room", count), "Many"))
    assert list(document.validate()) == []
    assert len(sent(document)) == count
    for page in document.walk():
        boxes = [node.frame for node in page.children if kind(node) in ("FADER", "BUTTON", "RADIO")]
        for box in (node.frame for node in page.children):
            assert 0 <= box.x <= box.x + box.w <= page.frame.w
            assert 0 <= box.y <= box.y + box.h <= page.frame.h
        for one, other in combinations(boxes, 2):
            apart = one.x + one.w <= other.x or one.y + one.h <= other.y
            assert apart or other.x + other.w <= one.x or other.y + other.h <= one.y, (one, other)
        assert all(box.h >= 36 for box in boxes)  # a finger has to hit it


@pytest.mark.parametrize("title", ["", "]]>", "two\nlines\0 and \x1b", "Ψ 絵画", "\ud800"])
def test_any_title_will_do(title: str) -> None:
    document = py2tosc.loads(layout(CONTROLS, title))
    (shown,) = (node for node in document.walk() if node.get("name") == "title")
    assert shown.value("text").default.strip() == title.translate({0: " ", 0x1B: " ", 0xD800: " "}).strip()


def test_the_same_show_gives_the_same_bytes() -> None:
    assert layout(CONTROLS, "Show") == layout(CONTROLS, "Show")
