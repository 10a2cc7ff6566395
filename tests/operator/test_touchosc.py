"""The TouchOSC layouts, read back by a library that we did not write, and used by a tablet that has nothing else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import py2tosc
import pytest

from installation.core import readouts
from installation.core.commands import TASTE_RESET
from installation.core.controls import Control
from installation.operator.inbox import Inbox
from installation.operator.server import OscServer
from installation.operator.surface import Knob, Page, Surface, surface
from installation.operator.touchosc import SCREENS, Size, layout
from installation.showfile.load import Show, load
from tests.operator.tablet import Node, Tablet, address, kind, messages, scaled
from tests.timeout import until

SHOWS = Path(__file__).resolve().parents[2] / "shows"
SIZES = tuple(SCREENS)
TOUCHED = ("BUTTON", "FADER", "RADIO", "XY")
TYPES = ("float", "int", "bool", "choice")


@cache
def bundled() -> Show:
    return load(SHOWS / "next_rembrandt.toml")


@cache
def layout_of_it(size: Size) -> bytes:
    return layout(surface(bundled()), size)


@pytest.fixture
def show() -> Show:
    return bundled()


@pytest.fixture(scope="module", params=SIZES)
def document(request: pytest.FixtureRequest) -> py2tosc.Document:
    return py2tosc.loads(layout_of_it(request.param))


def sent(document: py2tosc.Document) -> dict[str, set[str]]:
    """The kinds of nodes that send to each address."""
    found: dict[str, set[str]] = {}
    for node in document.walk():
        for message in messages(node):
            if message.send:
                found.setdefault(address(message), set()).add(kind(node))
    return found


def pages(document: py2tosc.Document) -> Iterator[py2tosc.Control]:
    return (node for node in document.walk() if kind(node) == "GROUP")


def test_it_is_valid_and_can_be_drawn(document: py2tosc.Document) -> None:
    assert list(document.validate()) == []
    assert "arm blackout" in py2tosc.to_svg(document)


def test_everything_that_can_be_asked_is_on_it(document: py2tosc.Document, show: Show) -> None:
    assert set(sent(document)) == {*show.commands(), *show.controls()}


def test_the_first_page_runs_the_night(document: py2tosc.Document, show: Show) -> None:
    pager = next(node for node in document.walk() if kind(node) == "PAGER")
    first = pager.children[0]
    said = {str(node.value("text").default) for node in first.walk() if kind(node) == "TEXT"}
    assert {"GO", "back", "next", "hold", "release", "master", "arm blackout", "blackout"} <= said
    assert {piece.name for piece in show.pieces} <= said
    assert any(str(text).startswith("next_rembrandt.toml · ") and "Vernissage" in text for text in said)


def test_a_show_that_wants_to_be_armed_is_armed_by_the_same_button(tmp_path: Path) -> None:
    path = tmp_path / "armed.toml"
    path.write_text(f"[operator]\narm = true\n{(SHOWS / 'rehearsal.toml').read_text('utf-8')}", "utf-8")
    document = py2tosc.loads(layout(surface(load(path))))
    arm = next(node for node in document.walk() if node.get("name") == "arm")
    assert [address(one) for one in messages(arm)] == ["/show/arm"]


def test_each_piece_has_a_page_with_its_own_directions(document: py2tosc.Document, show: Show) -> None:
    for piece in show.pieces:
        page = next(node for node in pages(document) if node.get("tabLabel") == piece.name)
        own = {str(node.get("name")) for node in page.walk() if kind(node) == "FADER"}
        assert own == {one for one in piece.controls() if not one.startswith("/stage/")}


def test_no_caption_is_there_twice_on_a_page(document: py2tosc.Document) -> None:
    for page in pages(document):
        said = Counter(str(node.value("text").default) for node in page.children if kind(node) == "TEXT")
        assert [words for words, times in said.items() if times > 1] == []


def test_a_finger_hits_everything(document: py2tosc.Document) -> None:
    for node in document.walk():
        if kind(node) in TOUCHED and node.get("interactive"):
            assert node.frame.h >= 44, node.get("name")
            assert node.frame.w >= 44, node.get("name")


def test_nothing_overlaps_or_sticks_out(document: py2tosc.Document) -> None:
    for page in pages(document):
        inside(page)
        boxes = [node.frame for node in page.children if kind(node) in TOUCHED and node.get("interactive")]
        assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)], page.get("name")


def inside(page: py2tosc.Control) -> None:
    for box in (node.frame for node in page.children):
        assert 0 <= box.x <= box.x + box.w <= page.frame.w, page.get("name")
        assert 0 <= box.y <= box.y + box.h <= page.frame.h, page.get("name")


def overlap(one: py2tosc.Frame, other: py2tosc.Frame) -> bool:
    apart = one.x + one.w <= other.x or other.x + other.w <= one.x
    return not (apart or one.y + one.h <= other.y or other.y + other.h <= one.y)


def test_words_let_touches_through(document: py2tosc.Document) -> None:
    assert not any(node.get("interactive") for node in document.walk() if kind(node) in ("TEXT", "LABEL"))


def test_nothing_is_echoed(document: py2tosc.Document) -> None:
    assert not any(message.feedback for node in document.walk() for message in messages(node))


def test_what_pairs_is_under_one_finger_each_at_its_own_address(document: py2tosc.Document) -> None:
    pad = next(node for node in document.walk() if kind(node) == "XY")
    assert [(address(one), one.triggers[0].var, one.arguments[0].value) for one in messages(pad)] == [
        ("/stage/lamp/x", "x", "x"),
        ("/stage/lamp/y", "y", "y"),
    ]


def test_all_that_the_show_tells_is_shown(document: py2tosc.Document, show: Show) -> None:
    heard = {address(one) for node in document.walk() for one in messages(node) if one.receive}
    moved = [one for one in show.controls() if one not in ("/stage/lamp/x", "/stage/lamp/y")]
    told = readouts.readouts([piece.name for piece in show.pieces], show.signals(), moved)
    assert set(told) <= heard


# ---------------------------------------------------------------- any show


@cache
def rehearsal() -> Surface:
    return surface(load(SHOWS / "rehearsal.toml"))


def many(count: int) -> Surface:
    """A surface of a show whose only piece has so many knobs of all types."""
    first = rehearsal()
    controls = [
        Control(f"/generator/{at}", "it does something", TYPES[at % 4], 0, 20, choices=("a", "b & c"))  # type: ignore[arg-type]
        for at in range(count)
    ]
    page = Page("many", (0.5, 0.5, 0.5), tuple(Knob(one, f"knob {one.address}", one.doc) for one in controls))
    return replace(first, pieces=(page,), others=())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 5, 60])
def test_however_many_knobs_all_have_room(count: int, size: Size) -> None:
    document = py2tosc.loads(layout(many(count), size))
    assert list(document.validate()) == []
    assert len([one for one in sent(document) if one.startswith("/generator/")]) == count
    for page in pages(document):
        inside(page)
        boxes = [node.frame for node in page.children if kind(node) in TOUCHED and node.get("interactive")]
        assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)]
        assert all(box.h >= 36 for box in boxes)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pieces", [1, 20])
def test_however_many_pieces_each_has_its_button(pieces: int, size: Size) -> None:
    made = many(3)
    listed = tuple(
        replace(made.desk.pieces[0], caption=f"piece {at}", value=at, lamp=readouts.lamp(at)) for at in range(pieces)
    )
    shown = replace(
        made,
        desk=replace(made.desk, pieces=listed),
        pieces=tuple(replace(made.pieces[0], name=f"piece {at}") for at in range(pieces)),
    )
    document = py2tosc.loads(layout(shown, size))
    assert list(document.validate()) == []
    for page in pages(document):
        inside(page)


@pytest.mark.parametrize("title", ["", "]]>", "two\nlines\0 and \x1b", "Ψ 絵画", "\ud800"])
def test_any_title_will_do(title: str) -> None:
    document = py2tosc.loads(layout(replace(many(1), title=title)))
    wanted = title.translate({0: " ", 0x1B: " ", 0xD800: " "}).strip()
    assert wanted in {str(node.value("text").default).strip() for node in document.walk() if kind(node) == "TEXT"}


def test_the_same_show_gives_the_same_bytes() -> None:
    assert layout(rehearsal()) == layout(rehearsal())


# ---------------------------------------------------------------- a tablet with this file alone


@pytest.fixture(params=SIZES)
def tablet(request: pytest.FixtureRequest, show: Show) -> Iterator[tuple[Tablet, OscServer]]:
    inbox = Inbox(show.controls(), show.commands())
    made = Tablet(layout_of_it(request.param), ("127.0.0.1", 0))
    server = OscServer(inbox, port=0, surfaces=[f"127.0.0.1:{made.port}"])
    made.show = ("127.0.0.1", server.port)
    yield made, server
    server.close()
    made.socket.close()


def drained(server: OscServer, count: int) -> dict[str, float | None]:
    """What the show got of ``count`` messages."""
    until(lambda: server.received + server.refused >= count)
    asked = server.inbox.drain()
    return {one.address: one.value for one in asked.commands} | {at: one.value for at, one in asked.touches.items()}


def bindings(tablet: Tablet) -> Iterator[tuple[Node, str]]:
    """Every value of a node that sends something, and can be touched."""
    for node in tablet.nodes:
        for key in {trigger.var for one in messages(node.node) if one.send for trigger in one.triggers}:
            if node.interactive:
                yield node, key


def test_every_binding_reaches_the_show(tablet: tuple[Tablet, OscServer]) -> None:
    surface_, server = tablet
    found = {}
    for total, (node, key) in enumerate(bindings(surface_), 1):
        value = 1.0 if kind(node.node) in ("BUTTON", "RADIO") else 0.3125
        (name,) = surface_.touch(node, key, value)
        control = server.inbox.find(name)
        assert control is not None, f"the show has no {name}"
        argument = next(one for one in messages(node.node) if one.send and address(one) == name).arguments[0]
        wanted = scaled(value, argument) if str(argument.type) == "VALUE" else float(argument.value)
        got = drained(server, total + server.refused)
        if name == TASTE_RESET:
            until(lambda: server.refused)  # as it has to be sent twice
            continue
        found[name] = got[name]
        assert found[name] == pytest.approx(control.accept(wanted), abs=1e-6), name
    assert server.refused == 1
    waits = {"/stage/blackout", TASTE_RESET}  # to be armed, and to be sent again
    assert set(found) == {*server.inbox.controls, *server.inbox.commands} - waits


def test_what_the_show_tells_is_on_every_node_that_shows_it(tablet: tuple[Tablet, OscServer], show: Show) -> None:
    surface_, server = tablet
    values = {one.address: one.low + 0.75 * (one.high - one.low) for one in show.controls().values()}
    server.echo({**values, "/show/hold": 1.0, "/stage/blackout": 1.0, readouts.lamp(2): 1.0, readouts.votes(1): 7.0})
    server.say(readouts.NOW, "Nobody in particular")
    server.say(readouts.hand_address("/walk/speed"), "cue")
    waiting = {*values, "/show/hold", readouts.lamp(2), readouts.NOW}
    while waiting:
        surface_.hear()
        waiting -= {one for one in waiting if shows(surface_, one)}
    faders = [node for node in surface_.nodes if kind(node.node) == "FADER" and node.node.get("name") == "/walk/speed"]
    assert len(faders) == len(show.pieces)
    assert {round(node.values["x"], 3) for node in faders} == {0.75}
    texts = {node.node.get("name"): node.values["text"] for node in surface_.nodes if kind(node.node) == "LABEL"}
    assert (texts[readouts.NOW], texts["/hand/walk/speed"]) == ("Nobody in particular", "cue")


def test_what_does_not_count_is_on_the_first_page(tablet: tuple[Tablet, OscServer]) -> None:
    surface_, _ = tablet
    told = next(node for node in surface_.nodes if readouts.REFUSED in map(address, messages(node.node)))
    forget = next(node for node, _ in bindings(surface_) if TASTE_RESET in map(address, messages(node.node)))
    surface_.touch(forget, "x", 1.0)
    until(lambda: surface_.hear() and told.values["text"])
    assert told.values["text"] == "/taste/reset forgets for good: send it again within 3 s"


def shows(tablet: Tablet, name: str) -> bool:
    """Whether a node that hears this address has another value than it began with."""
    listening = [
        node for node in tablet.nodes if any(one.receive and address(one) == name for one in messages(node.node))
    ]
    return any(node.values.get(value.key) != value.default for node in listening for value in node.node.values)


def button(tablet: Tablet, group: Node, name: str) -> Node:
    return next(node for node in tablet.nodes if node.node.get("name") == name and node.node in group.node.children)


def test_blackout_is_armed_first_and_light_is_one_touch(tablet: tuple[Tablet, OscServer]) -> None:
    surface_, server = tablet
    group = next(node for node in surface_.nodes if node.node.get("name") == "blackout" and kind(node.node) == "GROUP")
    arm, fire = button(surface_, group, "arm"), button(surface_, group, "fire")
    surface_.run(group, 1.0)
    assert not fire.interactive
    assert surface_.touch(arm, "x", 1.0) == []
    surface_.run(group, 1.0)
    assert fire.interactive
    surface_.run(group, 4.0)
    assert (fire.interactive, arm.values["x"]) == (False, 0.0)
    surface_.touch(arm, "x", 1.0)
    surface_.run(group, 1.0)
    assert surface_.touch(fire, "x", 1.0) == ["/stage/blackout"]
    assert drained(server, 1) == {"/stage/blackout": 1.0}
    surface_.run(group, 0.2)
    assert (fire.interactive, arm.values["x"]) == (True, 0.0)
    surface_.touch(fire, "x", 0.0)
    assert drained(server, 2) == {"/stage/blackout": 0.0}
    surface_.run(group, 0.2)
    assert not fire.interactive
