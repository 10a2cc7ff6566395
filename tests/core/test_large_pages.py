"""Python's objects in large pages: which are asked for, and what the system says that it has."""

import subprocess
import sys

from installation.core.large_pages import SIZE, moved, pages
from tests.timeout import TIMEOUT

TAKEN = """
from installation.core import large_pages

held = [[number] for number in range(300_000)]
collapse = large_pages._collapse()
count = large_pages.moved(large_pages.pages(), collapse) if collapse else 0
assert [one[0] for one in held] == list(range(300_000))
rollup = open("/proc/self/smaps_rollup").read().split() if collapse else ["AnonHugePages:", "0"]
print(count, rollup[rollup.index("AnonHugePages:") + 1])
"""


FILLED = """
import sys
import threading
from installation.core.large_pages import pages

looked = threading.Event()
broken = []

def fill():
    while not looked.is_set():
        try:
            tuple(number for number in range(200))
        except SystemError as error:
            broken.append(error)

held = [[number] for number in range(100_000)]
sys.setswitchinterval(1e-6)
thread = threading.Thread(target=fill)
thread.start()
for _ in range(20):
    pages()
looked.set()
thread.join()
assert not broken
"""


def test_each_page_with_an_object_in_it_is_asked_for_once() -> None:
    objects = [[] for _ in range(100)]
    asked = pages()
    assert len(asked) == len(set(asked))
    assert {id(one) - id(one) % SIZE for one in objects} <= set(asked)
    assert all(page % SIZE == 0 for page in asked)


def test_those_that_cannot_be_moved_do_not_count() -> None:
    assert moved([0, SIZE, 2 * SIZE], lambda page: page == SIZE) == 1


def test_a_tuple_that_another_thread_is_filling_is_not_held() -> None:
    """Python ends such a tuple with a SystemError where anybody else holds it. In a process of its own: a hook that
    listens to all that Python does, as tests of hostile files set one, lets other threads run within ``id``."""
    subprocess.run([sys.executable, "-c", FILLED], timeout=TIMEOUT, check=True)


def test_the_system_has_as_many_large_pages_as_were_moved() -> None:
    """None where it has none for the asking; the objects are the same after it."""
    done = subprocess.run([sys.executable, "-c", TAKEN], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert kilobytes >= count * SIZE // 1024
