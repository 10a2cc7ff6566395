"""Makes a prepared folder from sources. The same files and options give the same bytes; finished work is reused.

The squares of a file depend on its content, the options and its metadata (landmarks, real detail); a digest of these is
its key. Squares with the same key are copied from an earlier or interrupted run.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from installation.core.atomic_write import stage, write_whole
from installation.training.dataset import crops
from installation.training.dataset.crops import Crop, LeftOut, Points
from installation.training.dataset.decoding import Decoded, PicturesError, decode
from installation.training.dataset.ledger import LEDGER, Ledger, Row, merge
from installation.training.dataset.pictures import (
    FACTS,
    FORMAT,
    PICTURES,
    SHEET,
    contact_sheet,
    full_name,
    png,
    skipped_of,
    spread,
)
from installation.training.dataset.sources import SourceFile, opened_sources, told_together
from installation.training.dataset.work import JOURNAL, Before, Record, Work

EVERY = 2.0
"""Seconds between the frames of a film, by default."""
THUMBNAIL = 128
"""Pixels of a picture on the sheet, at most."""
LEDGER_BEFORE = "ledger_before.csv"
"""The ledger as it was before a run that took rows out of it."""

Progress = Callable[[list[SourceFile]], Iterable[SourceFile]]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class CropOptions:
    """Options of the squares. Lengths in pixels, `every` in seconds; see `prepare --help`."""

    size: int
    crop: str = "centre"
    tile_scale: float = 1.0
    every: float | None = None
    min_detail: int = 0
    max_upscale: float = 2.0


@dataclass(frozen=True)
class Metadata:
    """Metadata of the files: landmarks and ledger, both by a file's name with or without its source."""

    landmarks: Mapping[str, Points] = field(default_factory=dict)
    ledger: Ledger | None = None

    def points(self, file: SourceFile) -> Points | None:
        return self.landmarks.get(file.name, self.landmarks.get(file.short))

    def row(self, name: str, source: str) -> Row | None:
        rows = self.ledger.rows if self.ledger else {}
        return rows.get(name, rows.get(name.removeprefix(f"{source}/")))

    def check(self, sources: Sequence[SourceFile]) -> None:
        """Raises PicturesError for a ledger without a row for any of the files."""
        if self.ledger:
            files = {name.partition("#")[0]: None for name in self.ledger.rows}
            first = next(iter(sources), None)
            if first and not any({file.name, file.short} & files.keys() for file in sources):
                named = next(iter(files), "nothing")
                raise PicturesError(
                    f"the ledger holds no row for any picture: it names {named}, the first picture is {first.name}. "
                    f"Name the folder, or the rows, so that they fit; {first.short} without its folder will do."
                )

    def native(self, file: SourceFile) -> float | None:
        """Pixels of real detail along the shorter side, from the ledger, or None."""
        try:
            return float((self.row(file.name, file.source) or {})["native_px"])
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True)
class Summary:
    """The counts of a run: pictures in the result; files whose squares were `made`, `resumed` from an interrupted run,
    or copied from the result `before`."""

    pictures: int
    made: int
    resumed: int
    before: int
    unchanged: bool
    skipped: dict[str, str]
    notes: dict[str, str]


def prepare(
    sources: Sequence[Path],
    out: Path,
    options: CropOptions,
    metadata: Metadata = Metadata(),
    progress: Progress = iter,
    tell: Tell = lambda _: None,
) -> Summary:
    """Prepare all sources into the folder `out`. Raises PicturesError; an earlier result is then unchanged."""
    with opened_sources(sources, out, options.every is not None) as files:
        metadata.check(files)
        out.mkdir(parents=True, exist_ok=True)
        try:
            return work_through(files, out, options, metadata, progress, tell, told_together(sources))
        except OSError as error:  # of the output disk: sources raise PicturesError
            raise PicturesError(
                f"{error.filename or out}: cannot be written ({error.strerror or error}). Nothing that was there is "
                "lost. Make room, or give another --out; the same command then goes on from where it was."
            ) from None


def work_through(
    files: list[SourceFile],
    out: Path,
    options: CropOptions,
    metadata: Metadata,
    progress: Progress,
    tell: Tell,
    source: str,
) -> Summary:
    before, how = Before(out), Counter[str]()
    ledger = Ledger.read(out / LEDGER) if (out / LEDGER).exists() else None
    asked = asdict(options)
    tell_changes(before.facts.get("options", {}), asked, tell)
    with Work(out, options.size) as work:
        # As long as every file is as it was, in the same order, nothing is written.
        unchanged = not work.ahead and (out / SHEET).exists()
        unchanged &= (before.facts.get("source"), before.facts.get("options")) == (source, asked)
        for file in progress(files):
            record, content = identify(file, options, metadata)
            unchanged = unchanged and before.agrees(record)
            if not unchanged:
                work.add_all(before.agreed())
            how["before" if unchanged else add(record, content, file, work, before, options, metadata)] += bool(
                record.key
            )
        if before.matched < len(before.records):
            unchanged = False
            work.add_all(before.agreed())
        work.finish()
    records = before.records if unchanged else work.records
    facts = facts_of(records, source, options)
    before.close()
    notes = {record.file: record.note for record in records if record.note}
    publish(out, facts, unchanged, ledger, metadata, notes)
    return Summary(facts["count"], how["made"], how["resumed"], how["before"], unchanged, skipped_of(facts), notes)


def facts_of(records: Sequence[Record], source: str, options: CropOptions) -> dict[str, Any]:
    """What the folder's prepared.json says."""
    return {
        "format": FORMAT,
        "source": source,
        "size": options.size,
        "crop": options.crop,
        "count": sum(len(record.crops) for record in records),
        "options": asdict(options),
        "files": [asdict(record) for record in records],
    }


def tell_changes(before: Mapping[str, Any], now: Mapping[str, Any], tell: Tell) -> None:
    changed = [f"{name} was {before[name]}, is {now[name]}" for name in now if before.get(name, now[name]) != now[name]]
    if changed:
        tell(f"other options than last time ({'; '.join(changed)}): everything is made again")


# -- one file ---------------------------------------------------------------------------------------------------------


def identify(file: SourceFile, options: CropOptions, metadata: Metadata) -> tuple[Record, bytes]:
    """(the record of a file, without a key if the file gives no picture; the bytes of a picture file)."""
    record, content = Record(file.name, file.source), b""
    try:
        if file.kind == "listed":
            raise PicturesError(file.why)
        if file.kind == "film":
            record.sha256 = film_digest(file.path)
        else:
            content = file.read()
            record.sha256 = hashlib.sha256(content).hexdigest()
        record.key = key_of(record.sha256, file, options, metadata)
    except PicturesError as error:
        record.left_out[""] = str(error)
    return record, content


def add(
    record: Record,
    content: bytes,
    file: SourceFile,
    work: Work,
    before: Before,
    options: CropOptions,
    metadata: Metadata,
) -> Literal["resumed", "before", "made"]:
    """Adds a file's squares to the work; returns where they came from."""
    if work.resume(record):
        return "resumed"
    done = before.find(record)
    if done:
        work.add(*done)
        return "before"
    work.add(record, parts(file, content, record, options, metadata) if record.key else ())
    return "made"


def film_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PicturesError(f"cannot be read ({error.strerror})") from None


def key_of(sha256: str, file: SourceFile, options: CropOptions, metadata: Metadata) -> str:
    points = metadata.points(file) if options.crop == "face" else None
    about = [
        FORMAT,
        sha256,
        file.kind,
        asdict(options),
        None if points is None else points.tolist(),
        metadata.native(file),
    ]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def parts(
    file: SourceFile, content: bytes, record: Record, options: CropOptions, metadata: Metadata
) -> Iterator[Crop | LeftOut]:
    """All crops of a file, and a LeftOut for each part or error that gives none."""
    try:
        if file.kind == "film":
            yield from parts_of_film(file, options, metadata)
        else:
            decoded = decode(content, 2 * options.size if options.crop == "centre" else None)
            record.note = decoded.note
            yield from cut(decoded, "", file, options, metadata)
    except PicturesError as error:
        yield LeftOut(str(error))


def parts_of_film(file: SourceFile, options: CropOptions, metadata: Metadata) -> Iterator[Crop | LeftOut]:
    if options.crop == "face":
        raise PicturesError("landmarks are of pictures; a film has none. Crop it by centre or tiles")
    from installation.training.dataset import films  # here: it loads av, which pictures do not need

    for at, frame in films.frames(file.path, options.every or EVERY):
        if isinstance(frame, LeftOut):
            yield frame
            continue
        try:
            yield from cut(Decoded(frame), at, file, options, metadata)
        except PicturesError as error:
            yield LeftOut(str(error), at)


def squares(decoded: Decoded, file: SourceFile, options: CropOptions, metadata: Metadata) -> Iterable[Crop | LeftOut]:
    picture = decoded.picture
    if options.crop == "tiles":
        return crops.tiles(picture, options.size, options.tile_scale, options.max_upscale)
    if options.crop == "face":
        points = metadata.points(file)
        if points is None:
            raise PicturesError("no landmarks for it in the landmarks file")
        return [crops.face(picture, points, options.size, options.max_upscale)]
    return [crops.centre(picture, options.size, decoded.scale, options.max_upscale)]


def cut(
    decoded: Decoded, at: str, file: SourceFile, options: CropOptions, metadata: Metadata
) -> Iterator[Crop | LeftOut]:
    picture, native = decoded.picture, metadata.native(file)
    for part in squares(decoded, file, options, metadata):
        where = "&".join(filter(None, (at, part.at)))
        if isinstance(part, LeftOut):
            yield replace(part, at=where)
            continue
        detail = part.native_px
        if native is not None:  # said of the whole picture, of which a tile is a part
            detail = round(min(detail, detail * native / min(picture.shape[:2]) if part.at else native))
        if detail < options.min_detail:
            yield LeftOut(f"its real detail is {detail} px, less than --min-detail {options.min_detail}", where)
        else:
            yield replace(part, at=where, native_px=detail)


# -- the result -------------------------------------------------------------------------------------------------------


def publish(
    out: Path, facts: dict[str, Any], unchanged: bool, old: Ledger | None, metadata: Metadata, notes: dict[str, str]
) -> None:
    """Publishes the files of a completed run: all are written before the first is renamed."""
    if not facts["count"]:
        discard(out)
        skipped = skipped_of(facts)
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise PicturesError(f"{facts['source']}: none of {len(skipped)} pictures can be used. The first: {reasons}")
    ledger = merge(pictures_of(facts, metadata), metadata.ledger, old, notes)
    partial = out / (PICTURES + ".partial")
    staged = []
    if not unchanged:
        content = json.dumps(facts, indent=1, ensure_ascii=False).encode()
        staged = [partial, stage(out / SHEET, sheet_of(partial)), stage(out / FACTS, content)]
    if old and set(old.rows) - set(ledger.rows):
        write_whole(out / LEDGER_BEFORE, old.content())
    if not old or old.content() != ledger.content():
        ledger.write(out / LEDGER)
    if staged:
        (out / FACTS).unlink(missing_ok=True)  # so that a crash before the last line is detected
    for path in staged:
        path.replace(path.with_suffix(""))
    discard(out)


def pictures_of(facts: dict[str, Any], metadata: Metadata) -> Iterator[tuple[str, Row, Row | None]]:
    """(name, what is known from the file, the given ledger's row) of each picture."""
    for values in facts["files"]:
        record = Record(**values)
        of_file = metadata.row(record.file, record.source)
        for crop in record.crops:
            name = full_name(record.file, crop["at"])
            own = {"sha256": record.sha256, "source": record.source, "native_px": str(crop["native_px"])}
            yield name, own, metadata.row(name, record.source) or of_file


def sheet_of(pictures: Path) -> bytes:
    """A PNG of up to 64 pictures, evenly spread."""
    squares = np.load(pictures, mmap_mode="r", allow_pickle=False)
    chosen = squares[spread(len(squares), 64)]
    if chosen.shape[1] > THUMBNAIL:
        chosen = np.stack([crops.resize(square, THUMBNAIL, THUMBNAIL) for square in chosen])
    return png(contact_sheet(chosen))


def discard(out: Path) -> None:
    """Deletes the partial files that were not renamed."""
    for name in (PICTURES + ".partial", JOURNAL):
        (out / name).unlink(missing_ok=True)
