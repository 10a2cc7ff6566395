"""What the operators' console is told of a running show, and how what it asks for reaches the inbox."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from installation.console import Console, Failing, acting, day_of, desk
from installation.core.commands import Command, Touch
from installation.core.contracts import Sensor, SensorConfig
from installation.core.decision import Tally
from installation.core.errors import DeviceError
from installation.core.parts import ROOT
from installation.core.pipe import encode
from installation.core.signals import Signal, Snapshot
from installation.engine.decide import Decider, Heard
from installation.engine.schedule import Timetable
from installation.operator.inbox import Inbox
from installation.process.console_key import FILE, console_key, made_pin
from installation.process.sensors import run_sensors
from installation.showfile.cue_edit import CueChange
from installation.showfile.load import Show, load
from installation.web.messages import TO_APP, TO_WEB, Agenda, Desk, Edited, Moment, Moved, pack, unpack
from tests.timeout import until


@pytest.fixture(scope="module")
def show() -> Show:
    return load(ROOT / "shows" / "next_rembrandt.toml")


class Web:
    """The app's end of the web process: one that keeps what it is told."""

    consoles, starts, tally = 1, 1, Tally()

    def __init__(self, show: Show) -> None:
        self.show = show
        self.told: list[Any] = []

    def pass_on(self, message: Any) -> None:
        encode(pack(message))
        self.told.append(unpack(pack(message), TO_WEB))

    def first(self, kind: type) -> Any:
        return next((told for told in list(self.told) if isinstance(told, kind)), None)


def decided(show: Show) -> tuple[Decider, Any]:
    decider = Decider(show, always_open=True)
    inbox = Inbox(show.controls(), show.commands())
    inbox.put("/stage/freeze", 1.0, 0.0, "test")
    inbox.put("/stage/brightness", 0.5, 0.0, "test")
    heard = Heard(inbox.drain(), Snapshot({"door.motion": 0.123456}, {}), ready={0, 1})
    return decider, decider.decide(10.0, datetime(2026, 11, 27, 12, tzinfo=UTC), heard)


def test_a_console_is_told_the_tables_the_day_and_each_moment(show: Show) -> None:
    web = Web(show)
    console = Console(web)  # type: ignore[arg-type]
    decider, decision = decided(show)
    console.start()
    try:
        console.look(decision, decider)
        moment = until(lambda: web.first(Moment), "a moment")
    finally:
        console.close()
    assert moment.piece == show.pieces[0].name
    assert moment.expected == show.pieces[1].name
    assert moment.switches == {"/show/hold": False, "/stage/blackout": False, "/stage/freeze": True}
    assert (moment.values["/stage/brightness"], moment.hands["/stage/brightness"]) == (0.5, "operator")
    assert moment.signals == {"door.motion": 0.1235}
    assert moment.sensors["door"].trouble == "not opened"
    assert moment.standby == "daylight"
    assert web.first(Desk) == desk(show)
    assert isinstance(web.first(Agenda), Agenda)


def test_another_show_and_another_web_process_are_told_the_tables_again(show: Show) -> None:
    web = Web(show)
    console = Console(web)  # type: ignore[arg-type]
    console.start()
    try:
        until(lambda: web.first(Desk), "the first desk")
        web.starts += 1
        until(lambda: sum(isinstance(told, Desk) for told in web.told) == 2, "a desk for the new process")
        web.show = load(ROOT / "shows" / "rehearsal.toml")
        until(lambda: desk(web.show) in web.told, "the desk of the other show")
    finally:
        console.close()


def test_nothing_is_left_for_nobody_and_not_every_frame(show: Show) -> None:
    web = Web(show)
    console = Console(web)  # type: ignore[arg-type]
    decider, decision = decided(show)
    web.consoles = 0
    console.look(decision, decider)
    assert console._seen.take() is None
    web.consoles = 1
    console.look(decision, decider)
    assert console._seen.take() is not None
    console.look(decision, decider)
    assert console._seen.take() is None


def test_the_desk_is_the_shows_own_tables(show: Show) -> None:
    told = desk(show)
    assert told.controls == tuple(show.controls().values())
    assert told.commands == tuple(show.commands().values())
    assert set(told.armed) <= set(show.commands())
    assert told.master in show.controls()
    assert [cue.name for cue in told.cues] == ["daylight", "evening"]


def test_the_day_has_its_programmes_and_cues(show: Show) -> None:
    told = day_of(show, Timetable(show.plan), date(2026, 11, 27))
    assert {entry.programme for entry in told.entries} >= {"day", "late", "night"}
    assert all(entry.start < entry.end or entry.cue for entry in told.entries)


class Gone(SensorConfig):
    """A sensor whose device is not there."""

    kind: Literal["gone"] = "gone"
    name: str = "gone"

    def signals(self) -> tuple[Signal, ...]:
        return ()

    def open(self) -> Sensor:
        raise DeviceError("found no device, expected one; plug it in")


def test_a_sensor_that_fails_is_told_with_since_when_and_how_often() -> None:
    running = run_sensors([Gone(kind="gone")], lambda name, value: None)
    try:
        until(lambda: running.attempts()["gone"] >= 2, "a second try")
        failing = Failing()
        assert failing.states(running, ["gone"], 10.0)["gone"].since == 0.0
        state = failing.states(running, ["gone"], 13.2)["gone"]
    finally:
        running.stop()
    assert (state.trouble, state.since) == ("found no device, expected one; plug it in", 3.0)
    assert state.attempts >= 2


def test_what_an_operator_does_reaches_the_inbox(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    inbox, changes = Inbox(show.controls(), show.commands()), []
    act = acting(inbox, lambda: 5.0, lambda change, who: changes.append((change, who)))
    who = "console 10.0.0.7"
    for address, value in (("/stage/brightness", 7.0), ("/walk/speed", None), ("/show/next", 1.0), ("/show/next", 0.0)):
        act(unpack(pack(Moved(address, value, who)), TO_APP))
    act(unpack(pack(Moved("/cue/snapshot", 1.0, who, "dusk")), TO_APP))
    act(unpack(pack(Edited("dusk", 3.0, -1, who)), TO_APP))
    refused = [("/nowhere", 1.0), ("/show/next", None), ("/show/piece", 99.0)]
    for (address, value), why in zip(refused, ("which this show has not", "which this show", "found 99"), strict=True):
        assert why in act(Moved(address, value, who))
    asked = inbox.drain()
    assert asked.touches == {"/stage/brightness": Touch(1.0, 5.0, who), "/walk/speed": Touch(None, 5.0, who)}
    assert asked.commands == (Command("/show/next", 1.0, 5.0, who), Command("/cue/snapshot", 1.0, 5.0, who, "dusk"))
    assert changes == [(CueChange("dusk", 3.0, -1), who)]
    assert len(caplog.records) == 3


def test_the_key_is_kept_for_its_owner_and_the_pin_comes_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key = console_key(folder)
    assert console_key(folder) == key
    assert (folder / FILE).stat().st_mode & 0o077 == 0
    assert made_pin(key).isdigit()
    assert len(made_pin(key)) == 8
    (folder / FILE).write_bytes(b"damaged")
    assert console_key(folder) != key


def test_a_show_without_a_place_for_it_has_a_key_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert len(console_key(tmp_path / "file" / "state")) == 32
