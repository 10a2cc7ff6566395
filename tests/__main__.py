"""``python3 -m tests``: the environment of run_show.py, what the tests need on top of it, then pytest."""

import sys

import run_show  # noqa: F401  turns away a Python that is too old
from installation.bootstrap import RUN, TESTS, prepare
from installation.bootstrap.home import Home

if __name__ == "__main__":
    home = Home()
    sys.exit(prepare(home, [RUN, TESTS]) or home.hand_over("pytest", sys.argv[1:]))
