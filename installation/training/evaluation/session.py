"""One evaluation: from the command's options to report.html, report.json and card.md."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from typing import Any

import numpy as np
import torch

from installation import __version__
from installation.core.atomic_write import write_whole
from installation.core.errors import ModelError, OptionError
from installation.networks.model_file import BEHIND
from installation.training.command_line.published import command_line, published
from installation.training.dataset.ledger import LEDGER, Ledger
from installation.training.dataset.pictures import PicturesError, Prepared
from installation.training.dataset.reading import read_any
from installation.training.evaluation import card, page
from installation.training.evaluation.effort import QUICK, THOROUGH
from installation.training.evaluation.landmark_network import find
from installation.training.evaluation.likeness import Picture
from installation.training.evaluation.measures import Figures
from installation.training.evaluation.memory import Memory
from installation.training.evaluation.options import EvaluateOptions
from installation.training.evaluation.parts import PARTS
from installation.training.evaluation.result import Result
from installation.training.evaluation.subject import Subject
from installation.training.evaluation.summary import summary
from installation.training.latent.models import OpenModel, open_model

FEWEST = 32
"""Real pictures: with fewer, no distance between two halves of them means anything."""
REPORT, FIGURES, CARD = "report.html", "report.json", "card.md"


def evaluate(options: EvaluateOptions) -> None:
    own_words = card.own_words(options.out / CARD)  # first, so that its error comes before the work
    if options.threads:
        torch.set_num_threads(int(options.threads))
    model = open_model(options.model, options.device)
    check_square(model)
    options.out.mkdir(parents=True, exist_ok=True)
    prepared = read_real(options, model)
    subject = subject_of(options, model, prepared)
    results = compute(subject, Memory(subject), options.afresh)
    figures = {"about": about(options, model, prepared), **{name: one.figures for name, one in results.items()}}
    name_sources(figures, options, prepared)
    arrays = {name: one.arrays for name, one in results.items()}
    write_whole(options.out / FIGURES, (json.dumps(figures, indent=1, ensure_ascii=False) + "\n").encode())
    write_whole(options.out / CARD, card.write(figures, own_words).encode())
    write_whole(options.out / REPORT, page.write(figures, arrays, options.show_training).encode())
    for line in summary(figures):
        print(f"{line.question:32} {line.answer}: {line.figure}")
    print(f"{options.out / REPORT}: written, with {FIGURES} and {CARD} beside it.")


def check_square(model: OpenModel) -> None:
    """Raises ModelError for a model of wide or tall pictures."""
    height, width = model.pictures(model.latents([0])).shape[1:3]
    if height != width:
        raise ModelError(f"{model.path}: paints {width}x{height} px; a report is for square pictures.")


def compute(subject: Subject, memory: Memory, afresh: bool) -> dict[str, Result]:
    """Every part that can be computed, from the cache where possible."""
    results: dict[str, Result] = {}
    parts = [part for part in PARTS if subject.real is not None or not part.needs_pictures]
    for number, part in enumerate(parts, 1):
        kept = None if afresh else memory.recall(part)
        print(f"{number} of {len(parts)}: {part.name}{' (remembered)' if kept else ''}", file=sys.stderr)
        results[part.name] = kept or memory.keep(part, part.make(subject))
    return results


def read_real(options: EvaluateOptions, model: OpenModel) -> Prepared | None:
    """The real pictures at the model's size."""
    if options.folder is None:
        return None
    size = int(model.pictures(model.latents([0])).shape[1])
    prepared = read_any(options.folder, options.source, size, ledger_is_read=True)
    if len(prepared.pictures) < FEWEST:
        raise PicturesError(
            f"{options.folder}: {len(prepared.pictures)} pictures can be used; a comparison needs {FEWEST} or more. "
            "Leave the folder out to evaluate without."
        )
    return Prepared(at_size(prepared.pictures, size), prepared.facts)


def at_size(pictures: Picture, size: int) -> Picture:
    """Squares brought down by whole factors: `size` divides their side."""
    side = pictures.shape[1]
    if side == size:
        return pictures
    factor = side // size
    small = [one.reshape(size, factor, size, factor, 3).mean((1, 3)).round().astype(np.uint8) for one in pictures]
    return np.stack(small)


def subject_of(options: EvaluateOptions, model: OpenModel, prepared: Prepared | None) -> Subject:
    if options.inception is not None:
        if not options.inception.is_file():
            raise OptionError(f"--inception {options.inception}: there is no such file.")
        if prepared is None:
            raise OptionError("--inception compares with real pictures: give their folder after the model.")
    landmarks = find(options.landmarks_model)
    crops = (model.header["training"].get("crop"), None if prepared is None else prepared.facts.get("crop"))
    return Subject(
        model,
        None if prepared is None else prepared.pictures,
        () if prepared is None else tuple(prepared.facts.get("files", ())),
        QUICK if options.quick else THOROUGH,
        options.seed,
        None if options.inception is None else str(options.inception),
        options.device,
        None if landmarks is None else str(landmarks),
        "face" in crops,
    )


# -- facts -------------------------------------------------------------------------------------------------------------


def about(options: EvaluateOptions, model: OpenModel, prepared: Prepared | None) -> Figures:
    header = model.header
    about: Figures = {
        "title": options.title or options.model.stem.replace("_", " ").replace("-", " ").capitalize(),
        "file": options.model.name,
        "megabytes": options.model.stat().st_size / 1e6,
        "sha256": hashlib.sha256(options.model.read_bytes()).hexdigest(),
        "kind": header["kind"],
        "architecture": header["architecture"],
        "training": told(header["training"]),
        "ledger_sha256": header["ledger_sha256"],
        "licence": header["licence"],
        "command": command_line(sys.argv[1:]),
        "quick": options.quick,
        "seed": options.seed,
        "made_with": made_with(options.device),
    }
    for behind in BEHIND:
        if header.get(behind):
            about[behind] = told(header[behind])
    if prepared is not None:
        about["pictures"] = about_pictures(prepared, header["ledger_sha256"])
    return about


def made_with(device: str) -> Figures:
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    return {"vernissage": __version__, **versions, "device": device}


def about_pictures(prepared: Prepared, trained: str | None) -> Figures:
    """``trained`` is the digest of the ledger that the model was trained with."""
    digest = prepared.facts.get("ledger_sha256")
    return {
        "source": prepared.facts.get("source"),
        "count": len(prepared.pictures),
        "size": prepared.size,
        "ledger_sha256": digest,
        "same_as_trained": None if digest is None else digest == trained,
    }


def told(training: Figures) -> Figures:
    """The training facts of a header, the command with shortened paths."""
    return {**training, "command": published(str(training["command"]))} if training.get("command") else training


def name_sources(figures: Figures, options: EvaluateOptions, prepared: Prepared | None) -> None:
    """Artist, title and year of the nearest training pictures, from the ledger."""
    if prepared is None or options.folder is None or "copying" not in figures:
        return
    path = options.source.ledger or options.folder / LEDGER
    rows = Ledger.read(path).rows if path.is_file() else {}
    for pair in figures["copying"]["closest"]:
        pair["source"] = source_of(rows, str(prepared.facts.get("source", "")), pair["file"])


def source_of(rows: dict[str, dict[str, str]], folder: str, name: str) -> dict[str, Any]:
    row = rows.get(name) or rows.get(f"{folder}/{name}") or {}
    return {column: row[column] for column in ("artist", "title", "year") if row.get(column)}
