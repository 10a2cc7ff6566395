"""What the tests of the console share: what the app would tell its web process, and a client that logs in."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from installation.core.commands import CUE_SNAPSHOT, DANGEROUS, commands
from installation.core.controls import MASTER, Control, fixed
from installation.core.sight import Sight
from installation.core.signals import Signal
from installation.web.messages import Agenda, Cue, Desk, Due, Health, Moment, SensorState, pack
from tests.timeout import TIMEOUT
from tests.web_driver import Answer, Driver, Visitor

PIN = "314 159"

CONTROLS = (*fixed(), Control("/walk/speed", "how fast", "float", 0.0, 4.0, 1.0, "x"))

CAMERA = tuple(
    Signal(f"door.{name}", name, low)
    for name, low in {"motion": 0.0, "x": 0.0, "y": 0.0, "flow_x": -1.0, "flow_y": -1.0, "visitor1_x": 0.0}.items()
)

DESK = Desk(
    controls=CONTROLS,
    commands=tuple(commands(("sitters", "company", "nobody"), ("evening", "noon", "dusk")).values()),
    armed=DANGEROUS,
    snapshot=CUE_SNAPSHOT,
    master=MASTER,
    signals=(*CAMERA, Signal("door.wave", "a wave", pulse=True)),
    sensors={"door": "camera"},
    cues=(
        Cue("evening", 0.0, 20.0, {"/stage/brightness": 0.8}),
        Cue("noon", 0.0, 0.0, {"/walk/speed": 1.79999, "/stage/brightness": 1.0}, kept=True),
        Cue("dusk", 0.0, 5.0, {"/stage/brightness": 0.5}, kept=True),
    ),
)

SIGHT = Sight(
    4 / 3, ((400, 200, 600, 200, 600, 900, 400, 900),), ((100, 100, 200, 100, 150, 300),), ((500, 500, 60, 0),)
)

AGENDA = Agenda(
    "2026-11-27",
    (
        Due("2026-11-27T10:00:00+01:00", "2026-11-27T17:00:00+01:00", "day", None, ("sitters", "company")),
        Due("2026-11-27T17:00:00+01:00", "2026-11-28T00:00:00+01:00"),
        Due("2026-11-27T16:00:00+01:00", "2026-11-27T16:00:00+01:00", cue="evening"),
    ),
)


def entrance(state: Path, network: bool = False) -> dict[str, Any]:
    return {"pin": PIN, "key": "ab" * 32, "log": str(state / "vernissage.log"), "network": network}


def moment(**more: Any) -> dict[str, Any]:
    """A moment of the show, as its app tells it."""
    values = {control.address: control.default for control in CONTROLS}
    told = {
        "civil": "2026-11-27T12:34:56+01:00",
        "piece": "sitters",
        "expected": "company",
        "seconds_left": 93.0,
        "programme": "day",
        "switches": {"/show/hold": False, "/stage/blackout": False, "/stage/freeze": False},
        "values": values,
        "hands": dict.fromkeys(values, "rest") | {"/walk/speed": "wire"},
        "signals": {signal.name: 0.5 for signal in CAMERA},
        "sensors": {"door": SensorState("no camera", 12.0, 3)},
        "sights": {"door": SIGHT},
        "standby": "evening",
    }
    return pack(Moment(**{**told, **more}))


def tell(web: Driver, **more: Any) -> None:
    """All that the app tells a console."""
    whys = {control.address: (control.default, "rest") for control in CONTROLS}
    whys["/walk/speed"] = (1.0, "wire door.motion")
    web.send(pack(DESK))
    web.send(pack(AGENDA))
    web.send(pack(Health(1, notes=("a note",), details={"controls": whys, "late": 2})))
    web.send(moment(**more))


def log_in(visitor: Visitor, port: int, pin: str = PIN, **headers: str) -> Answer:
    usual = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{port}"}
    return visitor.ask("POST", "/console/login", urlencode({"pin": pin}), **(usual | headers))


class Socket:
    """The console's WebSocket as a client that we did not write sees it: the one of aiohttp, driven step by step."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.state: dict[str, Any] = {}

    async def until(self, wanted: str) -> Any:
        """The section of that name, once it is told."""
        while True:
            news = json.loads(await self.socket.receive_str(timeout=TIMEOUT))
            self.state.update(news)
            if wanted in news:
                return news[wanted]

    async def do(self, address: str, value: Any) -> None:
        await self.socket.send_str(json.dumps({"address": address, "value": value}))
