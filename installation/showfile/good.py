"""What a show's files had when they were good the last time, kept in the show's cache: a restart during a faulty edit
hangs that."""

import json
import tomllib
from pathlib import Path

from installation.core.disk_cache import DiskCache
from installation.core.errors import ShowError
from installation.showfile.cue_file import Texts
from installation.showfile.load import Show, load

GOOD = "texts"
"""What the cache calls the text of a show file that was good, with its cue file's."""


def keep_good(show: Show, cache: DiskCache) -> None:
    """Keeps the text of a show file that is good, and its cue file's, for a restart while one of them is not."""
    texts = Texts(show.source.text, show.source.cues or "")
    if last_good(show.path, cache) != texts:
        cache.put(GOOD, str(show.path.absolute()), json.dumps([texts.show, texts.cues]).encode())


def last_good(path: Path, cache: DiskCache) -> Texts | None:
    """What a show file and its cue file had when they were good the last time; None where that is not known."""
    kept = cache.get(GOOD, str(path.absolute()))
    return None if kept is None else Texts(*json.loads(kept))


def load_as_it_hangs(path: Path, cache: DiskCache) -> Show:
    """The show in a file, or as it was when its files were good the last time, damaged models and calendars apart.
    Raises ShowError where it never was."""
    try:
        return load(path, despite_damage=True)
    except ShowError:
        kept = last_good(path, cache)
        if kept is None:
            raise
        return load(path, despite_damage=True, kept=kept)


def had_table(name: str, path: Path, cache: DiskCache) -> bool:
    """Whether the show file had such a table when it was good the last time."""
    kept = last_good(path, cache)
    return kept is not None and name in tomllib.loads(kept.show)
