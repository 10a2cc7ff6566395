"""How well the camera tells gestures, what it takes for a visitor, what it costs and how late it is, on drawn people.

    python -m benchmarks.gestures [--clips 12] [--nuisance 600] [--standing 120] [--latency]
    python -m benchmarks.gestures --train 40       # fits sensors/_strokes.json to other clips than those of the test

The clips and their truth are drawn by tests/sensors/drawn_visitors.py; the analysis is the camera's own. Training needs
torch, and takes its clips from number 100 on.
"""

import argparse
import json
import platform
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from sensors import _gestures
from sensors._background import shrink
from sensors._seeing import Seeing
from sensors._strokes import CLASSES, STROKES, Move, Stretches, describe
from sensors.camera import Config
from tests.sensors.drawn_visitors import (
    FPS,
    GESTURES,
    HEIGHT,
    WEATHER,
    WIDTH,
    Clip,
    gesture_clip,
    nuisance_clip,
    standing_clip,
    stroke_times,
)

TRAINING = 100
"""The first number of the clips that training draws; those of the test begin at 0."""


@dataclass
class Told:
    """What the analysis said over a clip: (second, pulse), the visitors of each picture, milliseconds of each."""

    pulses: list[tuple[float, str]] = field(default_factory=list)
    visitors: list[int] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    @property
    def gestures(self) -> list[tuple[float, str]]:
        return [(second, name) for second, name in self.pulses if name in GESTURES]


def watch(clip: Clip) -> Told:
    """Runs a clip through the camera's analysis."""
    seeing, told = Seeing(), Told()
    for number, picture in enumerate(clip.pictures()):
        before = time.thread_time()
        seen = seeing.see(shrink(picture, 160, False), number / FPS, 1 / FPS, number == 0)
        told.costs.append(1000.0 * (time.thread_time() - before))
        told.pulses += [(number / FPS, name) for name in seen.pulses]
        told.visitors.append(int(seen.levels["visitors"]))
    return told


def gestures(clips: int) -> list[float]:
    """Prints the confusion matrix; returns what each picture cost (ms)."""
    costs: list[float] = []
    table: dict[str, Counter[str]] = {name: Counter() for name in GESTURES}
    extra: Counter[str] = Counter()
    for name in GESTURES:
        for number in range(clips):
            clip = gesture_clip(name, number)
            told, (_, begin, end) = watch(clip), clip.truth[0]
            costs += told.costs
            inside = [gesture for second, gesture in told.gestures if begin <= second <= end]
            right = name in inside
            table[name][name if right else inside[0] if inside else "nothing"] += 1
            extra[name] += len(told.gestures) - (1 if right or inside else 0)
    columns = (*GESTURES, "nothing")
    print(f"\n{'made':12}" + "".join(f"{column[:11]:>12}" for column in columns) + f"{'right':>8}{'beside':>8}")
    for name, row in table.items():
        share = row[name] / max(1, row.total())
        print(f"{name:12}" + "".join(f"{row[c] or '.':>12}" for c in columns) + f"{share:>8.0%}{extra[name]:>8}")
    right = sum(row[name] for name, row in table.items())
    print(f"{right} of {sum(row.total() for row in table.values())} right; told beside the right one: {extra.total()}")
    return costs


def nuisance(seconds: float) -> None:
    """Prints what is taken for a gesture or a visitor where nobody is."""
    print(f"\nnobody there, {seconds:.0f} s in all       gestures   pictures with a visitor")
    false = 0
    for name in WEATHER:
        told = watch(nuisance_clip(name, seconds / len(WEATHER)))
        false += len(told.gestures)
        print(f"{name:30}{len(told.gestures):>8}{np.mean(np.array(told.visitors) > 0):>12.1%}")
    print(f"false gestures in {seconds / 60:.1f} minutes: {false}")


def standing(seconds: float) -> None:
    """Prints how long one who stands still is there, of the time that he is."""
    print(f"\none who stands and looks for {seconds - 16:.0f} s     there    after he left")
    for name in ("plain", *WEATHER):
        if name == "easel":
            continue
        clip = standing_clip(name, seconds)
        there = np.array(watch(clip).visitors) > 0
        came, left = round((clip.actors[0].arrives + 0.5) * FPS), round(clip.actors[0].leaves * FPS)
        print(f"{name:30}{there[came:left].mean():>12.1%}{there[left + 5 * FPS :].mean():>12.1%}")


def latency() -> None:
    """Prints how long after a picture is due its signals are said, through the real camera and a film on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
        for picture in gesture_clip("wave", 0).pictures():
            writer.write(picture)
        writer.release()
        late = _late(path)
    print(f"\nfrom picture to signal: median {np.median(late):.1f} ms, p99 {np.quantile(late, 0.99):.1f} ms")


def _late(path: Path) -> list[float]:
    camera, stop = Config(source=path).open(), threading.Event()
    pictures, late, due = camera.source.pictures, [], [0.0]

    def noted(stopping: threading.Event) -> Iterator[object]:
        for shot in pictures(stopping):
            due[0] = shot.time
            yield shot
            late.append(1000.0 * (time.monotonic() - shot.time))
            if len(late) >= 600:
                stop.set()

    camera.source.pictures = noted  # type: ignore[method-assign, assignment]
    camera.run(lambda signal, value: None, stop)
    return late


# ---------------------------------------------------------------- training


def stretches(clip: Clip) -> Iterator[tuple[np.ndarray, int]]:
    """The features of every stretch of a clip's actor, and which of CLASSES it is."""
    seeing, cutter, moves = Seeing(), Stretches(), []
    name, begin, _ = clip.truth[0]
    true_begin, true_end = (begin + second for second in stroke_times(clip.actors[-1].hand))

    def noted(visitor: object, *details: object) -> Move:
        moves.append((abs(visitor.centre[0] - clip.actors[-1].x / 2), measure(visitor, *details)))  # type: ignore
        return moves[-1][1]

    measure, _gestures.measure = _gestures.measure, noted  # type: ignore[assignment]
    try:
        for number, picture in enumerate(clip.pictures()):
            moves.clear()
            seeing.see(shrink(picture, 160, False), number / FPS, 1 / FPS, number == 0)
            if number / FPS < begin - 0.6 or not moves:
                continue
            if stretch := cutter.step(min(moves, key=lambda move: move[0])[1], number / FPS):
                first, last = stretch[0][0], stretch[-1][0]
                shared = min(last, true_end) - max(first, true_begin)
                own = name in STROKES and shared > 0.5 * max(true_end - true_begin, last - first)
                yield describe(stretch), CLASSES.index(name if own else "")
    finally:
        _gestures.measure = measure


def mirrored(features: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same seen in a mirror."""
    features = features.copy()
    features[:, [0, 1, 2, 3, 4, 25, 26, 27, 28, 29, 45, 47, 53, 56]] *= -1.0
    swapped = {CLASSES.index("swipe_left"): CLASSES.index("swipe_right"), CLASSES.index("swipe_right"): 0}
    return features, np.array([swapped.get(int(one), int(one)) for one in classes])


def train(clips: int, to: Path) -> None:
    """Fits the network of sensors/_strokes.py to ``clips`` clips of each gesture."""
    names = [name for name in GESTURES if name != "stillness"]
    labelled = [
        pair for name in names for k in range(TRAINING, TRAINING + clips) for pair in stretches(gesture_clip(name, k))
    ]
    fit(np.array([one for one, _ in labelled]), np.array([kind for _, kind in labelled]), to)


def fit(features: np.ndarray, classes: np.ndarray, to: Path, rounds: int = 600) -> None:
    """Writes the network that tells these features' classes."""
    import torch

    more, same = mirrored(features, classes)
    features, classes = np.concatenate((features, more)), np.concatenate((classes, same))
    middle, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(features.shape[1], 24),
        torch.nn.Tanh(),
        torch.nn.Dropout(0.1),
        torch.nn.Linear(24, len(CLASSES)),
    )
    given = torch.tensor(np.clip((features - middle) / scale, -4, 4), dtype=torch.float32)
    wanted = torch.tensor(classes)
    weights = torch.tensor(1.0 / np.sqrt(np.bincount(classes, minlength=len(CLASSES)) + 1.0), dtype=torch.float32)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=2e-2)
    for number in range(rounds):
        optimizer.param_groups[0]["lr"] = 5e-3 * (1 - number / rounds)
        scores = network(given + 0.15 * torch.randn_like(given))
        loss = torch.nn.functional.cross_entropy(scores, wanted, weight=weights / weights.mean(), label_smoothing=0.03)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    first, last = network[0], network[3]
    numbers = {
        "middle": middle,
        "scale": scale,
        "hidden": first.weight.detach().numpy().T,
        "hidden_bias": first.bias.detach().numpy(),
        "out": last.weight.detach().numpy().T,
        "out_bias": last.bias.detach().numpy(),
    }
    text = json.dumps({name: np.round(values.astype(float), 4).tolist() for name, values in numbers.items()})
    to.write_text(text + "\n", encoding="utf-8")
    print(f"{len(classes)} stretches, {np.bincount(classes).tolist()} of {CLASSES}; written to {to}")


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=12, help="of each gesture")
    parser.add_argument("--nuisance", type=float, default=600.0, help="seconds in all")
    parser.add_argument("--standing", type=float, default=120.0, help="seconds of each")
    parser.add_argument("--latency", action="store_true", help="through a film and the real camera, in real time")
    parser.add_argument("--train", type=int, default=0, help="clips of each gesture to fit the strokes to")
    options = parser.parse_args(None if arguments is None else list(arguments))
    cv2.setNumThreads(1)
    if options.train:
        train(options.train, Path(_gestures.__file__).with_name("_strokes.json"))
        return
    print(f"{platform.machine()}, OpenCV {cv2.__version__}, one thread")
    if options.clips:
        costs = gestures(options.clips)
        print(f"a picture costs {np.median(costs):.2f} ms of a core, p99 {np.quantile(costs, 0.99):.2f} ms")
    if options.nuisance:
        nuisance(options.nuisance)
    if options.standing:
        standing(options.standing)
    if options.latency:
        latency()


if __name__ == "__main__":
    main()
