"""The show's file and the models that paint it: whether they open, on what, and how fast. The last to be looked at, as
it loads torch, and alone, as it measures."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red, untold
from installation.engine.residence import residence_of
from installation.showfile.tables import Piece

SLOW, STILL = 12.0, 4.0
"""Pictures a second below which blending between two of them is seen, or the walk goes in steps."""


def show_file(case: Case) -> Iterator[Finding]:
    for fault in case.faults:
        yield red(fault, "nothing is started with it")
    if case.show:
        sensors = len(case.show.sensors)
        yield green(f"{case.path}: {len(case.show.pieces)} pieces, {sensors} sensor{'' if sensors == 1 else 's'}")
        residence = residence_of(case.show)
        if not residence.fits:
            yield green(residence.told(), "memory")


def models(case: Case) -> Iterator[Finding]:
    """A piece for each model; several on one model are as fast as that one."""
    if case.show is None:
        return
    if case.machine.fact("running"):
        yield untold("the show runs, and measuring would disturb it", "/metrics of its page has its rate")
        return
    known: dict[str, Piece] = {}
    for piece in case.show.pieces:
        known.setdefault(str(getattr(piece.generator, "model", piece.generator)), piece)
    for piece in known.values():
        yield _measured(case, piece)


def _measured(case: Case, piece: Piece) -> Finding:
    subject = _subject(piece)
    told = case.machine.look("piece", piece.name, case.device)
    if not told:
        return untold("it did not open, or not in time", f"{case.name} {case.path} --check", subject)
    if "fps" not in told:
        return red(str(told["trouble"]), f"{case.name} {case.path} --check", subject)
    on = " ".join(word for word in (str(told["device"]), str(told["runtime"])) if word)
    waits = "; a faster runtime was not ready in time" if told["waits"] else ""
    text = f"{told['fps']:g} pictures a second, {told['size']}{f', {on}' if on else ''}{waits}{_digest(piece)}"
    if told["fps"] >= SLOW:
        return green(text, subject)
    if _is_busy(case):
        return amber(text, "the machine was busy with other work: look again when nothing else runs", subject)
    return (red if told["fps"] < STILL else amber)(text, _faster(case, told["device"]), subject)


def _is_busy(case: Case) -> bool:
    told = case.machine.fact("busy")
    return bool(told) and float(told["load"][0]) > int(told["cores"])


def _faster(case: Case, device: str) -> str:
    cards = case.machine.files("/dev/nvidia[0-9]") or case.machine.says("nvidia-smi", "-L")
    if device == "cpu" and cards:
        return "there is a graphics card, but torch does not see it: install torch for its CUDA; its driver may be old"
    return "hang another model, let nothing else run, or give this machine a graphics card"


def _subject(piece: Piece) -> str:
    model = getattr(piece.generator, "model", None)
    return Path(model).stem if model else piece.name


def _digest(piece: Piece) -> str:
    """The first 12 digits of the file's SHA-256, with its size."""
    model = getattr(piece.generator, "model", None)
    if model is None or not Path(model).is_file():
        return ""
    with Path(model).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"; sha256 {digest[:12]}, {Path(model).stat().st_size / 1e6:.0f} MB"


GROUP = Group(
    "Show and models", 60, (Check("show file", show_file, quiet=True), Check("model", models, quiet=True)), alone=True
)
