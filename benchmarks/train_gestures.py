"""Fits the network of sensors/_strokes.py to drawn people.

    python -m benchmarks.train_gestures FOLDER [--clips 80] [--workers 2]

Clips are numbered from 100 on: those of tests and of benchmarks/gestures.py begin at 0 and at 800. What the analysis
says of each is kept in FOLDER, so that a run that was broken off goes on. Needs torch.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from sensors import _strokes
from sensors._background import shrink
from sensors._seeing import Seeing
from sensors._strokes import BINS, CHANNELS, CLASSES, STROKES, Features, Move
from tests.sensors.drawn_visitors import FPS, GESTURES, Clip, fidget_clip, gesture_clip, stroke_times

FIRST = 100
"""The number of the first clip."""
NAMES = (*(name for name in GESTURES if name != "stillness"), "fidget")
UNSURE = -1
"""The class of a picture that is not learned from: the stroke is not yet over, or has been for a while."""
BATCH, FASTEST = 2048, 1.2e-2
"""Pictures that are learned from at once, and the greatest learning rate."""
HELD_BACK = 10
"""One in so many clips is not learned from, and shows when it is enough."""


def drawn(name: str, number: int) -> Clip:
    return fidget_clip(number) if name == "fidget" else gesture_clip(name, number)


def hurried(clip: Clip) -> Clip:
    """The same with its actor there sooner, and no longer than there is something to learn from."""
    actor, second = clip.actors[-1], 0.0
    there = replace(actor, enters=0.3, speed=150.0)
    begins = there.arrives + 0.8
    if clip.truth and clip.truth[0][0] in STROKES:
        second = stroke_times(actor.hand)[1] + 1.2
    truth = tuple((name, begins, begins + end - begin) for name, begin, end in clip.truth)
    length = begins + (second or clip.length - actor.begins - 0.5)
    return replace(clip, actors=(*clip.actors[:-1], replace(there, begins=begins)), length=length, truth=truth)


def record(clip: Clip) -> dict[str, np.ndarray]:
    """Of each picture with the clip's actor: its second, and the features of its course."""
    cv2.setNumThreads(1)
    seeing, actor = Seeing(), clip.actors[-1]
    times, rows = [], []
    for number, picture in enumerate(clip.pictures()):
        now = number / FPS
        seeing.see(shrink(picture, 160, False), now, 1 / FPS, number == 0)
        if here := seeing.visitors.here:
            nearest = min(here, key=lambda one: abs(one.stand - actor.x / 2))
            times.append(now)
            rows.append(seeing.gestures[id(nearest)].course.features(now))
    return {"times": np.array(times), "rows": np.array(rows).reshape(-1, BINS * CHANNELS)}


def classes_at(clip: Clip, times: np.ndarray) -> np.ndarray:
    """What the courses that end at those seconds are."""
    nothing = CLASSES.index("")
    if not clip.truth or clip.truth[0][0] not in CLASSES:
        return np.full(len(times), nothing)
    (name, begin, _), hand = clip.truth[0], clip.actors[-1].hand
    if name == "wave":
        turns = _turns(hand)
        unsure, since, until, sure = turns[2], turns[4], turns[-2], turns[-1] + 0.5
    else:
        start, end = stroke_times(hand)
        unsure, since, until, sure = (start + end) / 2, end - 0.03, end + 0.2, end + 0.4
    at = times - begin
    likely = np.where((unsure < at) & (at < sure), UNSURE, nothing)
    return np.where((since <= at) & (at <= until), CLASSES.index(name), likely)


def _turns(hand: object) -> list[float]:
    """When a hand turns from one side to the other (s)."""
    times = np.arange(0.0, 6.0, 1 / 60)
    steps = np.sign(np.diff([hand(float(t))[0] for t in times]).round(4))  # type: ignore[operator]
    return [float(t) for t, a, b in zip(times[1:], steps, steps[1:], strict=False) if a * b < 0]


def kept(folder: Path, job: tuple[int, str]) -> None:
    number, name = job
    path = folder / f"{name}-{number}.npz"
    if not path.exists():
        np.savez_compressed(path.with_suffix(".part.npz"), **record(hurried(drawn(name, number))))
        path.with_suffix(".part.npz").rename(path)


def load(folder: Path, numbers: range) -> tuple[Features, np.ndarray]:
    """The features and classes that are learned from. Of pictures in which nothing moves one in five is enough."""
    features, classes = [], []
    for number, name in product(numbers, NAMES):
        with np.load(folder / f"{name}-{number}.npz") as clip:
            rows, times = clip["rows"], clip["times"]
        kinds = classes_at(hurried(drawn(name, number)), times)
        quiet = (rows.reshape(-1, BINS, CHANNELS)[:, :, 0].max(axis=1) < 0.05) & (np.arange(len(rows)) % 5 > 0)
        use = (kinds != UNSURE) & ~quiet
        features.append(rows[use])
        classes.append(kinds[use])
    return np.concatenate(features), np.concatenate(classes)


def mirrored(features: Features, classes: np.ndarray) -> tuple[Features, np.ndarray]:
    """The same seen in a mirror: places and ways across change their sign."""
    signs = np.ones((BINS, CHANNELS))
    probe = [np.array(_strokes.described(Move(0.02, x, 0.7, 0.1, 1.0, 0.5, x, 0.2, 0.1, 0.1))) for x in (-0.5, 0.5)]
    signs[:, (probe[0] == -probe[1]) & (probe[0] != 0.0)] = -1.0
    left, right = CLASSES.index("swipe_left"), CLASSES.index("swipe_right")
    swapped = np.where(classes == left, right, np.where(classes == right, left, classes))
    return features * signs.ravel(), swapped


def fit(features: Features, classes: np.ndarray, rounds: int = 50, width: int = 32) -> dict[str, np.ndarray]:
    """The numbers of a network that tells these features' classes."""
    import torch

    more, same = mirrored(features, classes)
    features, classes = np.concatenate((features, more)), np.concatenate((classes, same))
    middle, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = torch.nn.Sequential(
        torch.nn.Linear(features.shape[1], width),
        torch.nn.Tanh(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(width, len(CLASSES)),
    )
    given = torch.tensor(np.clip((features - middle) / scale, -4, 4), dtype=torch.float32)
    wanted = torch.tensor(classes)
    counts = np.bincount(classes, minlength=len(CLASSES)) + 1.0
    weights = torch.tensor((counts.sum() / counts) ** 0.5, dtype=torch.float32)
    judged = torch.nn.CrossEntropyLoss(weights / weights.mean(), label_smoothing=0.02)
    optimizer = torch.optim.AdamW(network.parameters(), lr=FASTEST, weight_decay=3e-2)
    steps = len(given) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, FASTEST, rounds * steps)
    for _ in range(rounds):
        order = torch.randperm(len(given))
        for batch in order[: steps * BATCH].reshape(steps, BATCH):
            scores = network(given[batch] + 0.15 * torch.randn(BATCH, given.shape[1]))
            loss = judged(scores, wanted[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    first, last = network[0], network[3]
    return {
        "middle": middle,
        "scale": scale,
        "hidden": first.weight.detach().numpy().T,
        "hidden_bias": first.bias.detach().numpy(),
        "out": last.weight.detach().numpy().T,
        "out_bias": last.bias.detach().numpy(),
    }


def check(numbers: dict[str, np.ndarray], features: Features, classes: np.ndarray) -> None:
    """Prints how it does, picture by picture, on clips that it was not fitted to."""
    found = _strokes.Judge(**numbers).chances(features).argmax(axis=1)
    print("of pictures not learned from, the share told right, and how many others are told so:")
    for index, name in enumerate(CLASSES):
        own = classes == index
        right, others = np.mean(found[own] == index), (found[~own] == index).sum()
        print(f"  {name or 'nothing':12} {right:.1%} of {own.sum()}, {others}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=80, help="of each gesture")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    numbers = range(FIRST, FIRST + options.clips)
    with ProcessPoolExecutor(options.workers) as workers:
        list(workers.map(partial(kept, options.folder), product(numbers, NAMES)))
    shown = range(FIRST + options.clips - options.clips // HELD_BACK, FIRST + options.clips)
    network = fit(*load(options.folder, range(FIRST, shown.start)))
    check(network, *load(options.folder, shown))
    text = json.dumps({name: np.round(values.astype(float), 4).tolist() for name, values in network.items()})
    Path(_strokes.__file__).with_name("_strokes.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
