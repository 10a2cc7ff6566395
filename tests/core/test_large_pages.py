"""Python's objects in large pages: which are asked for, and what the system says that it has."""

import subprocess
import sys

from installation.core.large_pages import SIZE, moved
from tests.timeout import TIMEOUT

TAKEN = """
import gc
from installation.core import large_pages

held = [[number] for number in range(300_000)]
collapse = large_pages._collapse()
count = large_pages.moved(gc.get_objects(), collapse) if collapse else 0
assert [one[0] for one in held] == list(range(300_000))
rollup = open("/proc/self/smaps_rollup").read().split() if collapse else ["AnonHugePages:", "0"]
print(count, rollup[rollup.index("AnonHugePages:") + 1])
"""


def test_each_page_with_an_object_in_it_is_asked_for_once() -> None:
    asked: list[int] = []
    objects = [object() for _ in range(100)]
    moved(objects, lambda page: not asked.append(page))
    assert len(asked) == len(set(asked))
    assert {id(one) - id(one) % SIZE for one in objects} == set(asked)
    assert all(page % SIZE == 0 for page in asked)


def test_those_that_cannot_be_moved_do_not_count() -> None:
    objects = [object() for _ in range(100)]
    assert moved(objects, lambda page: False) == 0


def test_the_system_has_as_many_large_pages_as_were_moved() -> None:
    """None where it has none for the asking; the objects are the same after it."""
    done = subprocess.run([sys.executable, "-c", TAKEN], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert kilobytes >= count * SIZE // 1024
