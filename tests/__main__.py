"""``python3 -m tests``: the environment of run_show.py, what the tests need on top of it, then pytest.

The files run side by side, one on each core and four at most; ``python3 -m tests -n0`` runs them one after another.
"""

import sys

import run_show  # noqa: F401  turns away a Python that is too old
from installation.bootstrap import RUN, TESTS, prepare
from installation.bootstrap.home import Home

SIDE_BY_SIDE = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile")

if __name__ == "__main__":
    home = Home()
    sys.exit(prepare(home, [RUN, TESTS]) or home.hand_over("pytest", [*SIDE_BY_SIDE, *sys.argv[1:]]))
