"""What is kept on disk comes back whole or not at all, and never grows for ever."""

import os
from pathlib import Path

import pytest

from installation.core.disk_cache import DIGEST, DiskCache


def test_what_was_kept_comes_back_by_its_key(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache")
    assert cache.get("pace", "one") is None
    cache.put("pace", "one", b"compiled")
    assert cache.get("pace", "one") == b"compiled"
    assert cache.get("pace", "another") is None
    assert cache.get("verdict", "one") is None
    cache.drop("pace", "one")
    cache.drop("pace", "one")
    assert not list(cache.folder.iterdir())


@pytest.mark.parametrize("spoiled", [b"", b"short", b"0" * 64])
def test_what_was_spoiled_is_not_there(tmp_path: Path, spoiled: bytes) -> None:
    cache = DiskCache(tmp_path)
    cache.put("pace", "one", b"compiled")
    cache.path("pace", "one").write_bytes(spoiled)
    assert cache.get("pace", "one") is None
    cache.put("pace", "one", b"again")
    assert cache.get("pace", "one") == b"again"


def test_above_the_limit_the_longest_unused_go(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, limit=3 * (DIGEST + 10))
    for number in range(3):
        cache.put("pace", str(number), bytes(10))
        os.utime(cache.path("pace", str(number)), (number, number))
    assert cache.get("pace", "0") is not None
    cache.put("pace", "3", bytes(10))
    assert [cache.get("pace", str(number)) is None for number in range(4)] == [False, True, False, False]
    cache.put("pace", "too large", bytes(1000))
    assert cache.get("pace", "too large") is None
    assert cache.get("pace", "3") is not None


def test_a_disk_that_takes_nothing_costs_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    DiskCache(tmp_path / "file").put("pace", "one", b"")
    assert "it is found out again at the next start" in caplog.text
