"""A show that has grown: started anew when nobody sees it."""

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from installation.core import freed_memory
from installation.renewal import GIVES_BACK, GROWN, LOOKS, UNSEEN, GivingBack, Renewal
from tests.timeout import until


@dataclass
class Growing:
    """A renewal of a show that takes ``memory`` MiB, and took 300 at first."""

    memory: float = 300.0
    machine: float = 16_000.0
    renewal: Renewal = field(init=False)

    def __post_init__(self) -> None:
        self.renewal = Renewal(lambda: self.memory, lambda: self.machine)

    def at(self, now: float, coming: int | None = None, blackout: bool = False) -> bool:
        wall: Any = SimpleNamespace(playback=SimpleNamespace(coming=coming), blackout=blackout)
        decision: Any = SimpleNamespace(time=now, wall=wall)
        self.renewal.watch(decision, 300.0)
        return self.renewal.now


def test_a_show_that_keeps_its_size_goes_on() -> None:
    show = Growing(300.0 + GROWN)
    assert not any(show.at(now * LOOKS, coming=now % 2 or None, blackout=now % 3 == 0) for now in range(50))


@pytest.mark.parametrize("moment", [{"coming": 1}, {"blackout": True}])
def test_one_that_grew_is_renewed_where_it_is_not_seen(moment: dict[str, Any]) -> None:
    show = Growing()
    assert not show.at(0.0)
    show.memory += GROWN + 100.0
    assert not show.at(LOOKS - 1.0, **moment), "it is not looked at every frame"
    assert not show.at(LOOKS, coming=None)
    assert not show.at(2 * LOOKS)
    assert show.at(2 * LOOKS + 0.1, **moment)
    assert show.renewal.why == "had grown by 1124 MB"


def test_a_change_that_has_begun_is_not_interrupted() -> None:
    show = Growing()
    show.at(0.0, coming=1)
    show.memory += GROWN + 100.0
    assert not show.at(LOOKS, coming=1)
    assert not show.at(LOOKS + 1.0)
    assert show.at(LOOKS + 2.0, coming=1)


def test_one_whose_pieces_never_change_is_renewed_all_the_same() -> None:
    show = Growing(300.0 + GROWN + 100.0)
    assert not show.at(0.0)
    assert not show.at(UNSEEN)
    assert show.at(UNSEEN + 1.0)


def test_a_small_machine_has_a_lower_limit() -> None:
    assert Growing(machine=2000.0).renewal.limit == 500.0


def test_freed_memory_is_given_back_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(freed_memory, "give_back", lambda: given.append(threading.current_thread().name))
    giving = GivingBack()
    for frame in range(round(3.5 * GIVES_BACK)):
        giving.look(float(frame))
    until(lambda: len(given) == 3)
    assert set(given) == {"memory"}, "no frame waits for it"
