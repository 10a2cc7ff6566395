"""The proofs, then the training, in the time that is given."""

import argparse
import time
from collections.abc import Iterator

import torch

from benchmarks.gpu.kept import LIST
from benchmarks.gpu.proofs import REHEARSED, SIZES, proofs_of
from benchmarks.gpu.screen import late_frames
from benchmarks.gpu.training import learn
from installation.core.atomic_write import write_whole
from installation.networks.choose_runtime import machine

ROWS = "performance.md"


def work(options: argparse.Namespace) -> None:
    end = time.monotonic() + 60 * options.minutes
    if options.rehearse:
        torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    if not (options.out / LIST).exists():
        prove(options)
    if options.train or options.rehearse:
        learn(options, end)


def prove(options: argparse.Namespace) -> None:
    """Prints and keeps the figures; a training that goes on has them from its first time."""
    written = []
    for line in lines(options.rehearse):
        print(line, flush=True)
        written.append(line)
        write_whole(options.out / ROWS, "\n".join([*written, ""]).encode())


def lines(rehearse: bool) -> Iterator[str]:
    """The rows of docs/performance.md, as they come."""
    device = "cpu" if rehearse else "cuda"
    card = "" if rehearse else f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, "
    yield f"{card}{machine()}, torch {torch.__version__}"
    yield ""
    yield from proofs_of(device, REHEARSED if rehearse else SIZES, paints=10 if rehearse else 200)
    yield ""
    yield from late_frames(device, seconds=1.0 if rehearse else 20.0)
