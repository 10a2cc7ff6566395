"""The newest of many numbers."""

import tracemalloc

from installation.core.newest import Newest


def test_the_newest_are_kept() -> None:
    newest = Newest(3)
    assert newest.values().tolist() == []
    kept = []
    for number in range(5):
        newest.append(number / 2)
        kept.append(sorted(newest.values().tolist()))
    assert kept == [[0.0], [0.0, 0.5], [0.0, 0.5, 1.0], [0.5, 1.0, 1.5], [1.0, 1.5, 2.0]]


def test_it_does_not_grow() -> None:
    newest = Newest(20_000)
    tracemalloc.start()
    for number in range(30_000):
        newest.append(number * 0.1)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 2000
