"""The session for Open Stage Control, and a client that has nothing else."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.core import readouts
from installation.core.commands import TASTE_RESET
from installation.operator.inbox import Inbox
from installation.operator.server import OscServer
from installation.operator.stage_control import session
from installation.operator.surface import surface
from installation.showfile.load import Show, load
from tests.operator.test_touchosc import drained
from tests.timeout import until

SHOWS = Path(__file__).resolve().parents[2] / "shows"

KNOWN = {
    "button": {"mode", "label", "on", "off", "doubleTap"},
    "fader": {"horizontal", "design", "range", "steps"},
    "led": {"range"},
    "panel": {"layout", "innerPadding", "scroll"},
    "root": {"tabs"},
    "switch": {"layout", "values"},
    "tab": {"label", "layout", "gridTemplate", "scroll"},
    "text": {"align"},
}
"""The properties of the program's reference that we use, by type; and those of all."""

COMMON = {
    "type", "id", "comments", "interaction", "height", "expand", "colorWidget", "alphaStroke", "default", "address",
    "typeTags", "decimals", "bypass", "widgets",
}  # fmt: skip


@pytest.fixture(scope="module")
def show() -> Show:
    return load(SHOWS / "next_rembrandt.toml")


@pytest.fixture(scope="module")
def root(show: Show) -> dict[str, Any]:
    found = json.loads(session(surface(show)))
    assert (found["createdWith"], found["type"]) == ("Open Stage Control", "session")
    content: dict[str, Any] = found["content"]
    return content


def walk(widget: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield widget
    for child in (*widget.get("tabs", ()), *widget.get("widgets", ())):
        yield from walk(child)


def test_it_has_only_properties_that_the_program_knows(root: dict[str, Any]) -> None:
    for widget in walk(root):
        assert set(widget) <= COMMON | KNOWN[widget["type"]], widget["id"]


def test_no_two_are_clones_of_one_another(root: dict[str, Any]) -> None:
    ids = [widget["id"] for widget in walk(root)]
    assert len(set(ids)) == len(ids)


def test_it_has_the_pages_of_the_surface(root: dict[str, Any], show: Show) -> None:
    tabs = [tab["label"] for tab in root["tabs"]]
    assert tabs == [
        "show",
        *(piece.name for piece in show.pieces),
        "wall",
        "walk",
        "ballot",
        "cues",
        "sensors",
        "votes",
    ]
    assert root["comments"].startswith("next_rembrandt.toml · ")


def test_all_that_is_told_is_shown(root: dict[str, Any], show: Show) -> None:
    heard = {widget["address"] for widget in walk(root) if "address" in widget}
    told = readouts.readouts([piece.name for piece in show.pieces], show.signals(), show.controls())
    assert set(told) - heard == set()


def test_every_binding_reaches_the_show(root: dict[str, Any], show: Show) -> None:
    server = OscServer(Inbox(show.controls(), show.commands()), port=0)
    sending = [widget for widget in walk(root) if "address" in widget and not widget.get("bypass")]
    reached = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for total, widget in enumerate(sending, 1):
            value = touched(widget)
            client.sendto(packet(widget, value), ("127.0.0.1", server.port))
            control = server.inbox.find(widget["address"])
            assert control is not None, widget["id"]
            got = drained(server, total + server.refused)
            if control.address == TASTE_RESET:
                until(lambda: server.refused)  # as it has to be sent twice
                continue
            reached[control.address] = got[control.address]
            assert reached[control.address] == pytest.approx(control.accept(value), abs=1e-4), widget["id"]
    assert server.refused == 1
    assert set(reached) == {*show.controls(), *show.commands()} - {TASTE_RESET}
    server.close()


def touched(widget: dict[str, Any]) -> float:
    """What it is set to."""
    if widget["type"] == "button":
        return float(widget["on"])
    if widget["type"] == "switch":
        return float(widget["values"]["values"][-1])
    low, high = widget["range"]["min"], widget["range"]["max"]
    return float(low + 0.75 * (high - low))


def packet(widget: dict[str, Any], value: float) -> bytes:
    """As the program sends it: numbers are floats where the widget says no other type."""
    built = OscMessageBuilder(widget["address"])
    if widget.get("typeTags") == "i":
        built.add_arg(int(value), "i")
    else:
        built.add_arg(round(value, widget["decimals"]), "f")
    return bytes(built.build().dgram)
