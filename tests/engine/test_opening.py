"""Opening the pieces: one that does not open is off and named, and the show goes on."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from generators.plasma import Config as Plasma
from installation.core import starved
from installation.core.disk_cache import DiskCache
from installation.core.errors import ModelError
from installation.engine.opening import FIRST_RETRY, SLOW, Opening, pace_key, recall_pace
from installation.engine.painter import Hung
from installation.showfile.load import Piece
from installation.walks.loop import Config as Loop
from tests.timeout import TIMEOUT, until


@dataclass
class Part:
    """A generator's and a walk's options at once; ``fault`` is what opening raises, ``gate`` holds it."""

    fault: BaseException | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    opened: int = 0

    def open(self, *_: object) -> Any:
        assert self.gate.wait(TIMEOUT)
        self.opened += 1
        if self.fault is not None:
            raise self.fault
        return self


@dataclass
class Room:
    parts: list[Part]
    cache: DiskCache
    now: float = 0.0
    hung: dict[int, Hung] = field(default_factory=dict)

    def opening(self, first: int = 0) -> Opening:
        pieces = [SimpleNamespace(name=f"p{at}", generator=part, walk=Part()) for at, part in enumerate(self.parts)]
        for piece in pieces:
            piece.walk.gate.set()
        hang = self.hung.__setitem__
        made = cast("list[Piece]", pieces)
        return Opening(made, "cpu", 0, hang, self.stand_in, lambda: self.now, self.cache, first)

    def stand_in(self) -> Hung:
        return cast(Hung, "stand-in")


def room(*faults: BaseException | None) -> Room:
    made = Room([Part(fault) for fault in faults], DiskCache(Path("nowhere")))
    for part in made.parts:
        part.gate.set()
    return made


def test_the_piece_that_hangs_is_opened_first() -> None:
    three = room(None, None, None)
    opening = three.opening(first=1)
    opening.start()
    assert opening.done.wait(TIMEOUT)
    assert list(three.hung) == [1, 2, 0]


@pytest.mark.parametrize("fault", [ModelError("a.safetensors: truncated."), ValueError("odd"), SystemExit(3)])
def test_a_piece_that_does_not_open_is_named_and_tried_again(
    fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    two = room(fault, None)
    opening = two.opening()
    opening.start()
    assert opening.done.wait(TIMEOUT)
    assert list(two.hung) == [1]
    assert str(fault) in opening.failed[0]
    assert f"p0 does not hang: {opening.failed[0].removesuffix('.')}; it is tried again later" in caplog.messages
    opening.watch(0.0, {})
    two.parts[0].fault = None
    opening.watch(FIRST_RETRY - 1.0, {})
    opening.watch(FIRST_RETRY, {})
    until(lambda: 0 in two.hung)
    assert not opening.failed


def test_a_piece_that_broke_is_opened_again() -> None:
    one = room(None)
    opening = one.opening()
    opening.start()
    assert opening.done.wait(TIMEOUT)
    opening.watch(0.0, {0: "raised"})
    opening.watch(FIRST_RETRY, {0: "raised"})
    until(lambda: one.parts[0].opened == 2)


def test_where_nothing_opens_something_hangs() -> None:
    two = room(ModelError("no"), ModelError("no"))
    opening = two.opening()
    opening.start()
    assert opening.done.wait(TIMEOUT)
    assert two.hung == {0: "stand-in"}
    assert len(opening.failed) == 2


def test_where_all_broke_something_hangs_until_one_opens_again() -> None:
    two = room(None, None)
    opening = two.opening()
    opening.start()
    assert opening.done.wait(TIMEOUT)
    broken = {0: "raised", 1: "hung"}
    opening.watch(0.0, {0: "raised"})
    assert two.hung[0] is not two.stand_in()
    for _ in range(3):
        opening.watch(1.0, broken)
        assert two.hung[0] is two.stand_in()
        assert opening.failed == broken, "health goes on to tell"
    opening.watch(FIRST_RETRY, {1: "hung"})
    opening.watch(1.0 + FIRST_RETRY, {1: "hung"})
    until(lambda: not opening.failed)
    assert two.hung[0] is not two.stand_in()


@pytest.fixture
def stuck() -> Iterator[Room]:
    made = room(None, None)
    made.parts[0].gate.clear()
    yield made
    made.parts[0].gate.set()


def test_an_opening_that_hangs_holds_up_no_other(stuck: Room) -> None:
    opening = stuck.opening()
    opening.start()
    until(lambda: opening._busy is not None)
    stuck.now = SLOW + 1.0
    opening.watch(stuck.now, {})
    assert opening.done.wait(TIMEOUT)
    assert list(stuck.hung) == [1]
    assert opening.failed == {0: f"has been opening for {SLOW + 1:.0f} s"}
    stuck.now += 2 * FIRST_RETRY
    opening.watch(stuck.now, {})
    stuck.parts[0].gate.set()  # it was only slow: it hangs when it comes, and was not opened a second time
    until(lambda: not opening.failed)
    assert list(stuck.hung) == [1, 0]
    assert stuck.parts[0].opened == 1


class Compiled(Part):
    """What an earlier start has ``compiled``; it notes when it was made faster: while it hung already or before."""

    runtime = "slow"

    def __init__(self, compiled: bool, hung: dict[int, Hung]) -> None:
        super().__init__()
        self.gate.set()
        self.compiled, self.hung, self.at = compiled, hung, list[int]()

    def is_compiled(self, cache: DiskCache) -> bool:
        return self.compiled

    def to_compile(self, cache: DiskCache) -> None:
        return None

    def accelerate(self, cache: DiskCache) -> None:
        self.at.append(len(self.hung))
        self.runtime = "fast"


def test_what_was_compiled_before_is_fast_from_its_first_picture_on() -> None:
    made = room()
    slow, fast = Compiled(False, made.hung), Compiled(True, made.hung)
    made.parts += [slow, fast]
    opening = made.opening(first=1)
    opening.start()
    until(opening.accelerated.is_set)
    assert (fast.at, slow.at) == ([0], [2])  # each once: before any piece hung, and when all did
    opening.stop()


def test_a_pace_that_no_model_knows_is_measured_when_all_hang(tmp_path: Path) -> None:
    piece = SimpleNamespace(name="a", generator=Plasma(width=32, height=32), walk=Loop(seeds=(1, 2)))
    cache, hung = DiskCache(tmp_path), dict[int, Hung]()
    opening = Opening(
        cast("list[Piece]", [piece]), "cpu", 0, hung.__setitem__, lambda: cast(Hung, None), lambda: 0.0, cache
    )
    opening.start()
    until(lambda: 0 in hung and cast(Any, hung[0].walk).measured)
    until(lambda: cache.get("pace", pace_key(cast(Any, hung[0].walk), hung[0].generator)) is not None)
    generator = piece.generator.open("cpu")
    again = piece.walk.open(generator, 0)
    assert not again.measured
    recall_pace(Hung(generator, again), cache)
    assert again.measured


def test_a_piece_that_is_opened_on_a_busy_machine_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(starved, "waited", lambda task: waits[-1] / 2)  # of this thread, and of the one that opens
    one = room(None)
    one.parts[0].gate.clear()
    opening = one.opening()
    opening.start()
    until(lambda: opening._busy)
    for one.now, wait in ((2.0, 0.0), (SLOW + 10.0, 15.0), (SLOW + 15.0, 15.0)):
        waits.append(wait)
        opening.watch(one.now, {})
        assert not opening.failed
    one.now += 1.0
    opening.watch(one.now, {})
    assert opening.failed == {0: f"has been opening for {SLOW + 16.0:.0f} s"}
    one.parts[0].gate.set()
