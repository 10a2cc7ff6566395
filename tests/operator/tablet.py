"""A tablet that knows nothing of a show but its ``.tosc`` file: TouchOSC as far as a layout of ours asks for it.

It sends what the file says at the touch of a node, and hears what comes in. Scripts run in Lua 5.1, as TouchOSC's do.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import lupa.lua51
import py2tosc
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.core.osc_packets import Message, parse
from tests.timeout import TIMEOUT


def kind(node: py2tosc.Control) -> str:
    return str(node.control_type)


def messages(node: py2tosc.Control) -> Iterator[py2tosc.OscMessage]:
    return (message for message in node.messages if isinstance(message, py2tosc.OscMessage))


def address(message: py2tosc.OscMessage) -> str:
    return "".join(str(part.value) for part in message.path)


def is_triggered(message: py2tosc.OscMessage, key: str, before: float, after: float) -> bool:
    """Whether a message is sent when the value ``key`` of its node goes from one to the other."""
    condition = {"ANY": before != after, "RISE": after > before, "FALL": after < before}
    return any(trigger.var == key and condition[str(trigger.condition)] for trigger in message.triggers)


@dataclass
class Node:
    """A node and its values now."""

    node: py2tosc.Control
    values: dict[str, Any]
    interactive: bool
    script: Any = None
    lua: dict[str, Any] = field(default_factory=dict)


class Tablet:
    def __init__(self, layout: bytes, show: tuple[str, int]) -> None:
        self.document = py2tosc.loads(layout)
        self.nodes = [self._node(node) for node in self.document.walk()]
        self.show, self.now = show, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(TIMEOUT)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @staticmethod
    def _node(node: py2tosc.Control) -> Node:
        return Node(node, {value.key: value.default for value in node.values}, bool(node.get("interactive")))

    # ------------------------------------------------------------ the finger

    def touch(self, node: Node, key: str, value: float) -> list[str]:
        """Brings a value of a node to ``value``, sends what that triggers, and returns the addresses."""
        assert node.interactive, f"{node.node.get('name')} cannot be touched"
        before = float(node.values[key])
        node.values[key] = value
        sent = [one for one in messages(node.node) if one.send and is_triggered(one, key, before, value)]
        for message in sent:
            self.socket.sendto(self._packet(node, message), self.show)
        return [address(message) for message in sent]

    def _packet(self, node: Node, message: py2tosc.OscMessage) -> bytes:
        built = OscMessageBuilder(address(message))
        for part in message.arguments:
            value: Any = part.value
            if str(part.type) == "VALUE":
                value = scaled(float(node.values[part.value]), part)
            made = {"FLOAT": float, "INTEGER": lambda number: round(float(number)), "STRING": str}[str(part.conversion)]
            built.add_arg(made(value))
        return bytes(built.build().dgram)

    # ------------------------------------------------------------ what the show tells

    def hear(self) -> int:
        """Takes one packet in, and returns how many messages were in it."""
        heard = parse(self.socket.recv(65536))
        for message in heard:
            for node in self.nodes:
                for one in messages(node.node):
                    if one.receive and address(one) == message.address:
                        self._take(node, one, message)
        return len(heard)

    @staticmethod
    def _take(node: Node, one: py2tosc.OscMessage, message: Message) -> None:
        for part, argument in zip(one.arguments, message.args, strict=False):
            if str(part.type) == "VALUE":
                is_text = part.value == "text"
                assert isinstance(argument, str | int | float)
                node.values[part.value] = argument if is_text else unscaled(kind(node.node), float(argument), part)

    # ------------------------------------------------------------ scripts

    def run(self, group: Node, seconds: float) -> None:
        """Runs a group's ``update`` as often as TouchOSC does, for so long; its children's values are read and set."""
        if group.script is None:
            self._load(group)
        for _ in range(max(1, round(seconds * 30))):
            self.now += 1000 // 30
            for name, child in self._children(group).items():
                group.lua[name]["values"]["x"] = child.values["x"]
            group.script.update()
            for name, child in self._children(group).items():
                child.values["x"], child.interactive = (
                    group.lua[name]["values"]["x"],
                    bool(group.lua[name]["interactive"]),
                )

    def _load(self, group: Node) -> None:
        lua = lupa.lua51.LuaRuntime()
        script = lua.globals()
        script.getMillis = lambda: self.now
        for name, child in self._children(group).items():
            group.lua[name] = lua.table_from(
                {"values": lua.table_from({"x": child.values["x"]}), "interactive": child.interactive}
            )
        script.self = lua.table_from({"children": lua.table_from(group.lua)})
        lua.execute(group.node.get("script"))
        group.script = script

    def _children(self, group: Node) -> dict[str, Node]:
        own = {id(child) for child in group.node.children}
        return {
            str(one.node.get("name")): one for one in self.nodes if id(one.node) in own and kind(one.node) == "BUTTON"
        }


def scaled(value: float, part: py2tosc.Partial) -> float:
    """What is sent for a node's value: 0..1 over the range; a RADIO's is its step, in spans."""
    low, high = float(part.scale_min), float(part.scale_max)
    return low + value * (high - low)


def unscaled(of: str, sent: float, part: py2tosc.Partial) -> float:
    low, high = float(part.scale_min), float(part.scale_max)
    at = (sent - low) / (high - low)
    return at if of == "RADIO" else min(max(at, 0.0), 1.0)
