"""Which letters a font file has: its character map, read without opening the font (OpenType specification, "cmap")."""

import struct
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

BEST = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))
"""(platform, encoding) of the maps for Unicode, the one with most letters first."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Letters:
    """Code points in ranges, both ends within, in rising order."""

    ends: tuple[int, ...]
    starts: tuple[int, ...]

    def __contains__(self, letter: object) -> bool:
        code = ord(letter) if isinstance(letter, str) else -1
        index = bisect_left(self.ends, code)
        return index < len(self.ends) and self.starts[index] <= code


NONE = Letters((), ())


def letters(path: Path) -> Letters:
    """The letters of a font file, of the first font where it holds several; none where it cannot be read."""
    try:
        data = path.read_bytes()
        ranges = sorted(_ranges(data, _table(data)))
    except (OSError, struct.error, IndexError, ValueError):
        return NONE
    return Letters(tuple(end for _, end in ranges), tuple(start for start, _ in ranges))


def _table(data: bytes) -> int:
    """Where the character map begins."""
    font = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    for entry in range(struct.unpack_from(">H", data, font + 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, font + 12 + 16 * entry)
        if tag == b"cmap":
            return int(offset)
    raise ValueError("no character map")


def _ranges(data: bytes, table: int) -> list[Range]:
    count = struct.unpack_from(">H", data, table + 2)[0]
    entries = [struct.unpack_from(">HHI", data, table + 4 + 8 * entry) for entry in range(count)]
    known = {(platform, encoding): table + offset for platform, encoding, offset in entries}
    at = next(known[pair] for pair in BEST if pair in known) if set(BEST) & set(known) else -1
    form = struct.unpack_from(">H", data, at)[0] if at >= 0 else 0
    return _segments(data, at) if form == 4 else _groups(data, at) if form == 12 else []


def _groups(data: bytes, at: int) -> list[Range]:
    """Format 12: groups of letters whose glyphs follow one another."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    numbers = struct.unpack_from(f">{3 * count}I", data, at + 16)
    return [(start, end) for start, end, _ in zip(*[iter(numbers)] * 3, strict=True)]


def _segments(data: bytes, at: int) -> list[Range]:
    """Format 4: segments of letters, each with an offset to its glyphs or with glyphs one by one."""
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", data, at + 14 + 2 * (count * part + (part > 0))) for part in range(4)
    )
    ranges: list[Range] = []
    for segment, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        if not offset:
            ranges.append((start, end))
            continue
        first = at + 16 + 2 * (3 * count + segment) + offset
        glyphs = struct.unpack_from(f">{end - start + 1}H", data, first) if first + 2 <= len(data) else ()
        ranges += [(start + number,) * 2 for number, glyph in enumerate(glyphs) if glyph and (glyph + delta) & 0xFFFF]
    return [(start, end) for start, end in ranges if start != 0xFFFF]
