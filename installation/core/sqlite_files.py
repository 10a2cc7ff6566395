"""SQLite files that may be damaged, or of another version of the program."""

import sqlite3
from contextlib import closing
from pathlib import Path


def usable(path: Path, version: int) -> bool:
    """Whether the file is whole and empty or of that ``version``. Raises sqlite3.OperationalError where that cannot be
    told: it is busy, or there is no room, and nothing is wrong with the file."""
    try:
        with closing(sqlite3.connect(path)) as db:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            return found in (0, version) and db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False


def put_aside(path: Path) -> None:
    """Renames a file instead of deleting it: votes.sqlite3 -> votes.sqlite3.aside-1."""
    number = 1
    while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
