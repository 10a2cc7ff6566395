"""How well the camera tells gestures, what it takes for a visitor, what it costs and how late it is, on drawn people.

    python -m benchmarks.gestures [--clips 12] [--nuisance 600] [--standing 120] [--latency] [--film FILE]

The clips and their truth are drawn by tests/sensors/drawn_visitors.py; the analysis is the camera's own. The clips are
numbered from 1000 on: the network was fitted to those from 100 on (benchmarks/train_gestures.py), and thresholds were
chosen on those from 0, 700 and 900 on. With --keep FOLDER a run that was broken off goes on where it was: what was said
of a clip is kept under a digest of the code that says it and of the code that draws.
"""

import argparse
import hashlib
import json
import platform
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from sensors import _seeing
from sensors._background import shrink
from sensors._seeing import Seeing
from sensors.camera import Config
from tests.sensors import drawn_visitors
from tests.sensors.drawn_visitors import (
    FPS,
    GESTURES,
    HEIGHT,
    WEATHER,
    WIDTH,
    Clip,
    Picture,
    Pose,
    draw,
    fidget_clip,
    gesture_clip,
    nuisance_clip,
    standing_clip,
    stroke_times,
)

FIRST = 1000
"""The number of the first clip that is shown."""


@dataclass
class Told:
    """What the analysis said over a clip: (second, pulse), the visitors of each picture, milliseconds of each."""

    pulses: list[tuple[float, str]] = field(default_factory=list)
    visitors: list[int] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    @property
    def gestures(self) -> list[tuple[float, str]]:
        return [(second, name) for second, name in self.pulses if name in GESTURES]


def watch(pictures: Iterable[Picture], fps: float = FPS) -> Told:
    """Runs pictures through the camera's analysis."""
    cv2.setNumThreads(1)
    seeing, told = Seeing(), Told()
    for number, picture in enumerate(pictures):
        before = time.thread_time()
        seen = seeing.see(shrink(picture, 160, False), number / fps, 1 / fps, number == 0)
        told.costs.append(round(1000.0 * (time.thread_time() - before), 2))
        told.pulses += [(number / fps, name) for name in seen.pulses]
        told.visitors.append(int(seen.levels["visitors"]))
    return told


def digest() -> str:
    """Of the code that analyses and of the code that draws."""
    files = [*sorted(Path(_seeing.__file__).parent.glob("_*")), Path(drawn_visitors.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()[:16]


def watched(keep: Path | None, make: Callable[..., Clip], *which: object) -> Told:
    """What is said of a clip; from ``keep`` where it has been said before by the same code."""
    name = "-".join(map(str, (make.__name__, *which, digest()))).replace(" ", "_")
    path = None if keep is None else keep / f"{name}.json"
    if path is not None and path.exists():
        return Told(**json.loads(path.read_text("utf-8")))
    told = watch(make(*which).pictures())
    if path is not None:
        path.write_text(json.dumps(asdict(told)), "utf-8")
    return told


def _of_gesture(keep: Path | None, which: tuple[str, int]) -> Told:
    return watched(keep, gesture_clip, *which)


def gestures(names: list[str], numbers: range, keep: Path | None, workers: ProcessPoolExecutor) -> list[float]:
    """Prints the confusion matrix; returns what each picture cost (ms)."""
    costs: list[float] = []
    table: dict[str, Counter[str]] = {name: Counter() for name in names}
    extra: Counter[str] = Counter()
    jobs = [(name, number) for number in numbers for name in names]
    for (name, number), told in zip(jobs, workers.map(partial(_of_gesture, keep), jobs), strict=True):
        clip = gesture_clip(name, number)
        _, begin, end = clip.truth[0]
        costs += told.costs
        inside = [found for second, found in told.gestures if begin <= second <= end and _counts(found, name, clip)]
        right = name in inside
        table[name][name if right else inside[0] if inside else "nothing"] += 1
        extra[name] += sum(_counts(found, name, clip) for _, found in told.gestures) - (1 if inside else 0)
    _print_table(table, extra)
    return costs


def _counts(found: str, made: str, clip: Clip) -> bool:
    """Stillness is true of the second of two, who only stands there."""
    return found != "stillness" or made == "stillness" or len(clip.actors) == 1


def _print_table(table: dict[str, Counter[str]], extra: Counter[str]) -> None:
    columns = (*GESTURES, "nothing")
    print(f"\n{'made':12}" + "".join(f"{column[:11]:>12}" for column in columns) + f"{'right':>8}{'beside':>8}")
    for name, row in table.items():
        share = row[name] / max(1, row.total())
        print(f"{name:12}" + "".join(f"{row[c] or '.':>12}" for c in columns) + f"{share:>8.0%}{extra[name]:>8}")
    right = sum(row[name] for name, row in table.items())
    print(f"{right} of {sum(row.total() for row in table.values())} right; told beside the right one: {extra.total()}")


def fidgets(numbers: range, keep: Path | None) -> None:
    """Prints the gestures that are told of people whose hands move and who make none."""
    told = [watched(keep, fidget_clip, number) for number in numbers]
    seconds = sum(len(one.visitors) for one in told) / FPS
    made = Counter(name for one in told for _, name in one.gestures if name != "stillness")
    print(f"\npeople whose hands move without a gesture, {seconds:.0f} s: {made.total()} told {dict(made) or ''}")


def nuisance(seconds: float, keep: Path | None) -> None:
    """Prints what is taken for a gesture or a visitor where nobody is."""
    print(f"\nnobody there, {seconds:.0f} s in all       gestures   pictures with a visitor")
    false = 0
    for name in WEATHER:
        told = watched(keep, nuisance_clip, name, seconds / len(WEATHER))
        false += len(told.gestures)
        print(f"{name:30}{len(told.gestures):>8}{np.mean(np.array(told.visitors) > 0):>12.1%}", flush=True)
    print(f"false gestures in {seconds / 60:.1f} minutes: {false}")


def standing(seconds: float, weathers: Iterable[str], keep: Path | None) -> None:
    """Prints how long one who stands still is there, of the time that he is."""
    print(f"\none who stands and looks for {seconds - 16:.0f} s     there    after he left")
    for name in weathers:
        clip = standing_clip(name, seconds)
        there = np.array(watched(keep, standing_clip, name, seconds).visitors) > 0
        came, left = round((clip.actors[0].arrives + 0.5) * FPS), round(clip.actors[0].leaves * FPS)
        print(f"{name:30}{there[came:left].mean():>12.1%}{there[left + 5 * FPS :].mean():>12.1%}", flush=True)


def film(path: Path) -> None:
    """Prints how many visitors and which gestures are told of a film."""
    capture = cv2.VideoCapture(str(path))
    fps = capture.get(cv2.CAP_PROP_FPS) or FPS

    def pictures() -> Iterator[Picture]:
        while (read := capture.read())[0]:
            yield read[1]

    told = watch(pictures(), fps)
    counts, costs = np.array(told.visitors), told.costs
    print(f"\n{path.name}, {len(counts)} pictures at {fps:g} a second, {len(counts) / fps:.0f} s")
    print(
        f"somebody is there in {np.mean(counts > 0):.0%} of them, {counts.mean():.1f} at a time, {counts.max()} at most"
    )
    print(f"gestures told: {dict(Counter(name for _, name in told.gestures)) or 'none'}")
    print(f"a picture costs {np.median(costs):.2f} ms of a core, p99 {np.quantile(costs, 0.99):.2f} ms")


def latency() -> None:
    """Prints how long after a picture is due its signals are said, through the real camera and a film on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
        for picture in gesture_clip("wave", 0).pictures():
            writer.write(picture)
        writer.release()
        late, busy = _late(path)
    print(f"\nfrom picture to signal: median {np.median(late):.1f} ms, p99 {np.quantile(late, 0.99):.1f} ms")
    print(f"of that the processor takes: median {np.median(busy):.1f} ms, p99 {np.quantile(busy, 0.99):.1f} ms")


def _late(path: Path) -> tuple[list[float], list[float]]:
    """Milliseconds until a picture's signals are said: by the clock since it was due, and of the processor for reading
    and analysing it, which other programs on the machine hardly change."""
    camera, stop = Config(source=path).open(), threading.Event()
    pictures = camera.source.pictures
    late: list[float] = []
    busy: list[float] = []

    def noted(stopping: threading.Event) -> Iterator[object]:
        before = time.thread_time()
        for shot in pictures(stopping):
            yield shot
            late.append(1000.0 * (time.monotonic() - shot.time))
            after = time.thread_time()
            busy.append(1000.0 * (after - before))
            before = after
            if len(late) >= 600:
                stop.set()

    camera.source.pictures = noted  # type: ignore[method-assign, assignment]
    camera.run(lambda signal, value: None, stop)
    return late, busy


def sheet(path: Path) -> None:
    """Writes a picture with a row for each gesture: somebody who makes it, from left to right."""
    rows = []
    for name in GESTURES:
        clip = gesture_clip(name, 0)
        actor, (_, begin, _) = clip.actors[-1], clip.truth[0]
        start, end = (0.3, 1.8) if name in ("wave", "raise", "stillness") else stroke_times(actor.hand)
        actor = replace(actor, person=replace(actor.person, height=190.0, ground=232.0), x=160.0)
        cells = []
        for share in np.linspace(0.0, 1.0, 5):
            picture = clip.background.copy()
            hand = actor.hand(start + share * (end - start))
            draw(picture, actor.person, Pose(160.0, 0.0, hand), begin)
            cells.append(cv2.resize(picture[10:, 55:265], None, fx=0.62, fy=0.62, interpolation=cv2.INTER_AREA))
        row = np.hstack(cells)
        cv2.putText(row, name, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 3, cv2.LINE_AA)
        cv2.putText(row, name, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        rows.append(row)
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 80])


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=12, help="of each gesture")
    parser.add_argument("--gesture", choices=GESTURES, action="append", help="only this one; may be repeated")
    parser.add_argument("--first", type=int, default=FIRST, help="the number of the first clip")
    parser.add_argument("--fidgets", type=int, default=12, help="clips of people who make no gesture")
    parser.add_argument("--nuisance", type=float, default=600.0, help="seconds in all")
    parser.add_argument("--standing", type=float, default=120.0, help="seconds of each")
    parser.add_argument("--weather", choices=("plain", *WEATHER), action="append", help="to stand in; may be repeated")
    parser.add_argument("--latency", action="store_true", help="through a film and the real camera, in real time")
    parser.add_argument("--film", type=Path, help="real people")
    parser.add_argument("--sheet", type=Path, help="write a picture of what each gesture is, and nothing else")
    parser.add_argument("--keep", type=Path, help="a folder for what has been said, to go on after a break")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(None if arguments is None else list(arguments))
    if options.sheet:
        sheet(options.sheet)
        return
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    print(f"{platform.machine()}, OpenCV {cv2.__version__}, one thread")
    numbers = range(options.first, options.first + options.clips)
    if options.clips:
        with ProcessPoolExecutor(options.workers) as workers:
            costs = gestures(options.gesture or list(GESTURES), numbers, options.keep, workers)
        print(f"a picture costs {np.median(costs):.2f} ms of a core, p99 {np.quantile(costs, 0.99):.2f} ms")
    if options.fidgets:
        fidgets(range(options.first, options.first + options.fidgets), options.keep)
    if options.nuisance:
        nuisance(options.nuisance, options.keep)
    if options.standing:
        weathers = options.weather or [name for name in ("plain", *WEATHER) if name != "easel"]
        standing(options.standing, weathers, options.keep)
    if options.latency:
        latency()
    if options.film:
        film(options.film)


if __name__ == "__main__":
    main()
