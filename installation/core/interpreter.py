"""How Python is set for a show, so that no frame waits for it: when it looks for garbage, how threads take turns."""

import gc
import sys

LOADING, RUNNING = 100_000, 5_000
"""New objects after which Python looks among them for garbage: while a program loads, which makes hardly any, and while
a show runs, which has 700 new ones every few seconds."""

TURN = 0.001
"""Seconds after which a thread that computes in Python lets another one go on: five times sooner than by default, as
the screen's thread waits for it with every frame."""


def while_loading() -> None:
    """To be called first."""
    gc.set_threshold(LOADING, 10, 10)


def settle() -> None:
    """Leaves all present objects out of the search for garbage from here on: it would delay a frame visibly. Takes no
    time, as nothing is searched now."""
    sys.setswitchinterval(TURN)
    gc.freeze()
    gc.set_threshold(RUNNING, 10, 10)
