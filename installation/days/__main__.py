"""``python -m installation.days FOLDER DAY``: makes the pages of a show's days up to DAY that are not made yet, and
deletes what is too old. Runs at the lowest priority."""

import os
import sys
from datetime import date
from pathlib import Path

from installation.core.errors import DeviceError
from installation.days.files import prune, unreported
from installation.days.page import make


def main(folder: Path, last: date) -> int:
    """Exit status: 0, and 1 where a page could not be made; the others are."""
    failed = 0
    for day in unreported(folder, last):
        try:
            make(folder, day)
        except (DeviceError, OSError) as error:
            print(error, file=sys.stderr)
            failed = 1
    prune(folder)
    return failed


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(19)
    sys.exit(main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])))
