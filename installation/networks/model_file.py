"""Model files: safetensors with a JSON header. Data only: reading one never runs code from it.

The safetensors `__metadata__` holds one JSON string under the key `vernissage`:

    format        1, this layout
    kind          which part paints it, such as "stylegan2"
    architecture  what must be known to rebuild the network (resolution, z_dim, w_dim, channels ...)
    training      images seen, active minutes, recipe, command, size of the data set
    ledger_sha256 sha256 over the ledger's rows of the pictures used, or null
    licence       {"weights": ..., "data": ...}, each "not told" where it was not given
    latent        how the tensors latent.* were measured
    directions    [{"name", "method"} ...], one for each row of the tensor directions.vectors
    curation      {"favourites": [{"name"} ...], "blocked": [{"name", "radius"} ...]}, for the rows of curation.*
    pace          [{"walk", "options"} ...], one for each tensor pace.N: walks that were measured (see paces.py)
    encoder       how the encoder whose tensors are encoder.* was trained, and its error
    source        of a converted model: {"file", "family", "bytes", "sha256"} of what it was read from
    classes       of a network with classes: their names
    refiner       architecture of the network whose tensors are refiner.*, which paints detail on the pictures of the
                  model's own, and how it was trained
    brush         the same of brush.*, which in a show paints on all of that

Tensors are stored as float16 or float32, other programs' bfloat16 is read as well; a reader gets float32. A file of
another program that is kept whole (kind onnx) is a tensor of bytes, and is read as it is. Those of
GROUPS say more about a network; all others are the network itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from installation.core.atomic_write import write_whole
from installation.core.errors import ModelError, did_you_mean
from installation.core.invocation import program

FORMAT = 1
KEY = "vernissage"
REQUIRED = ("format", "kind", "architecture", "training", "ledger_sha256", "licence")

STORED = ("F32", "F16", "BF16", "U8")
"""How the tensors of a model file may be stored."""

NOT_TOLD = "not told"
"""The licence where none was given."""
GROUPS = ("latent", "directions", "curation", "encoder", "refiner", "brush", "pace")
"""What a model file may hold besides its network; tensors of a group are named group.something."""

BEHIND = ("refiner", "brush")
"""Those of networks that paint on what the network itself paints."""

PAINTING = 1000
"""Bytes that a network paints in, for each pixel of its picture: measured with 128 px in OpenVINO."""

Header = dict[str, Any]
Tensors = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]


def save_model(path: Path | str, tensors: Mapping[str, NDArray[Any]], header: Header) -> None:
    """Write a model file whole or not at all (a partial file is renamed into place). Raises OSError, which names it.

    `header` needs every key of REQUIRED but `format`, which is set here. Arrays must be float16 or float32 and finite,
    or bytes.
    """
    path = Path(path)
    header = {**header, "format": FORMAT}
    check_header(path, header)
    for name, tensor in tensors.items():
        if tensor.dtype not in (np.float16, np.float32, np.uint8):
            raise ModelError(f"{path}: tensor {name} is {tensor.dtype}; expected float16, float32 or bytes.")
    check_finite(path, tensors)
    packed = to_safetensors(
        {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())},
        metadata={KEY: json.dumps(header, ensure_ascii=False, sort_keys=True)},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, packed)


def amend_model(
    path: Path | str,
    group: str,
    tensors: Mapping[str, NDArray[Any]],
    facts: Any,
    out: Path | None = None,
    licence: str = "",
) -> Header:
    """Replace one group of a model file: its tensors (named without the group) and its entry in the header.

    Everything else stays as it is, to the bit, but the licence of the weights where one is given. Returns the new
    header; ``out`` leaves the file itself alone.
    """
    path = Path(path)
    if group not in GROUPS:
        raise ValueError(f"a model file has no group {group}")
    header, old = _read(path, with_tensors=True)
    others = {name: tensor for name, tensor in old.items() if not name.startswith(f"{group}.")}
    header = {**header, group: facts}
    if licence:
        header["licence"] = {**header["licence"], "weights": licence}
    save_model(out or path, {**others, **{f"{group}.{name}": tensor for name, tensor in tensors.items()}}, header)
    return header


def network_of(tensors: Mapping[str, NDArray[Any]]) -> Tensors:
    """The tensors of the network itself."""
    return {name: tensor for name, tensor in tensors.items() if name.partition(".")[0] not in GROUPS}


def group_of(tensors: Mapping[str, NDArray[Any]], group: str) -> Tensors:
    """The tensors of a group, named without it; empty where the file has none."""
    return {name.partition(".")[2]: tensor for name, tensor in tensors.items() if name.startswith(f"{group}.")}


def read_header(path: Path | str, kind: str | None = None) -> Header:
    """The header alone, checked; the weights stay on the disk."""
    header, _ = _read(Path(path), with_tensors=False)
    check_kind(path, header, kind)
    return header


def bytes_in_memory(path: Path | str) -> int:
    """About what a model takes while it is open: its weights as float32, again as a faster runtime compiles them, half
    as much for kernels transformed beforehand (winograd.py), and what it paints in; 0 for a file that is none."""
    try:
        with safe_open(path, framework="np") as file:
            counts = [math.prod(file.get_slice(name).get_shape()) for name in list(file.keys())]
            header = parse_header(Path(path), (file.metadata() or {}).get(KEY))
            side = painted_side(header, brush=False) or 0  # a brush takes some 12 MB more
    except (SafetensorError, OSError, ModelError):
        return 0
    return 10 * sum(counts) + PAINTING * side**2


def painted_side(header: Header, brush: bool = True) -> int | None:
    """The side of the pictures that a show paints of a model, in px, where its header tells it. A refiner doubles it,
    and so does a brush."""
    side = header["architecture"].get("resolution")
    if not isinstance(side, int):
        return None
    return int(side * (2 if header.get("refiner") else 1) * (2 if brush and header.get("brush") else 1))


def load_model(
    path: Path | str, kind: str | None = None, shapes: Callable[[Header], Shapes] | None = None
) -> tuple[Header, Tensors]:
    """Header and tensors (float32) of a model file, or a ModelError that says what is wrong with it.

    `kind` is the kind expected. `shapes` gives, for a header, the names and shapes of all tensors that must be there
    (a part knows its own network); nothing may miss and nothing may be left over.
    """
    path = Path(path)
    header, tensors = _read(path, with_tensors=True)
    check_kind(path, header, kind)
    if shapes is not None:
        check_shapes(path, tensors, shapes(header))
    check_finite(path, tensors)
    return header, whole(tensors)


def whole(tensors: Mapping[str, NDArray[Any]]) -> Tensors:
    """Tensors in float32; those of bytes as they are."""
    return {name: array if array.dtype == np.uint8 else array.astype(np.float32) for name, array in tensors.items()}


FOREIGN = (".pkl", ".pt", ".pth", ".ckpt", ".onnx")
"""How files end that other programs save networks in."""


def _read(path: Path, with_tensors: bool) -> tuple[Header, Tensors]:
    if not path.is_file():
        near = did_you_mean(path.name, (p.name for p in path.parent.glob("*.safetensors")))
        raise ModelError(f"{path}: there is no such model file{'; ' + near if near else '.'}")
    if path.suffix in FOREIGN:
        raise ModelError(
            f"{path}: another program's file, which a show never reads; convert it first: "
            f"{program()} convert {path} --out {path.with_suffix('.safetensors')}"
        )
    try:
        with safe_open(path, framework="np") as file:
            header = parse_header(path, (file.metadata() or {}).get(KEY))
            types = {name: str(file.get_slice(name).get_dtype()) for name in list(file.keys())}
            check_types(path, types)
            tensors = {n: file.get_tensor(n) for n in types if types[n] != "BF16"} if with_tensors else {}
        if with_tensors:
            tensors |= _bfloat16(path, [name for name, stored in types.items() if stored == "BF16"])
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path}: not a safetensors file, or a truncated one ({error}). Copy it again; "
            "pickled weights (.pt, .pkl) are never read."
        ) from None
    return header, tensors


def _bfloat16(path: Path, names: Sequence[str]) -> Tensors:
    """Tensors that are stored so, as float32: numpy has no such type, torch does."""
    if not names:
        return {}
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).float().numpy() for name in names}


def check_types(path: Path, types: Mapping[str, str]) -> None:
    """How tensors are stored, in safetensors' words."""
    for name, stored in types.items():
        if stored not in STORED:
            raise ModelError(f"{path}: tensor {name} is {stored}; a model file holds {', '.join(STORED)}.")


def parse_header(path: Path, text: str | None) -> Header:
    if text is None:
        raise ModelError(f'{path}: has no "{KEY}" header, so it was not made by this program\'s training or convert.')
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: its header is not JSON ({error}).") from None
    check_header(path, header)
    return dict(header)


def check_header(path: Path, header: object) -> None:
    if not isinstance(header, dict):
        raise ModelError(f"{path}: its header is {type(header).__name__}; expected a table.")
    if header.get("format") != FORMAT:
        raise ModelError(f"{path}: format {header.get('format')!r}; this program reads format {FORMAT}.")
    missing = [key for key in REQUIRED if key not in header]
    if missing:
        raise ModelError(f"{path}: its header lacks {', '.join(missing)}.")
    for key, wanted in (("kind", str), ("architecture", dict), ("training", dict), ("licence", dict)):
        if not isinstance(header[key], wanted):
            raise ModelError(f"{path}: header {key} is {type(header[key]).__name__}; expected {wanted.__name__}.")
    check_names(path, "directions", header.get("directions") or [])
    curation = header.get("curation") or {}
    if not isinstance(curation, dict):
        raise ModelError(f"{path}: header curation is {type(curation).__name__}; expected dict.")
    for key in ("favourites", "blocked"):
        check_names(path, key, curation.get(key, []))


def check_names(path: Path, key: str, listed: object) -> None:
    """A list of tables that have a name."""

    def named(one: object) -> bool:
        return isinstance(one, dict) and isinstance(one.get("name"), str)

    if not isinstance(listed, list) or not all(map(named, listed)):
        raise ModelError(f"{path}: header {key} is no list of tables with a name. Take an older copy of the file.")


def check_kind(path: Path | str, header: Header, kind: str | None) -> None:
    if kind is not None and header["kind"] != kind:
        raise ModelError(
            f'{path}: a model of kind "{header["kind"]}"; expected "{kind}". Choose the generator that fits it.'
        )


def check_shapes(path: Path | str, tensors: Mapping[str, NDArray[Any]], shapes: Shapes) -> None:
    """Every tensor of the architecture is there with its shape, and no other."""
    missing, extra = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing:
        raise ModelError(f"{path}: {len(missing)} tensors are missing for its architecture: {few(missing)}.")
    if extra:
        raise ModelError(f"{path}: {len(extra)} tensors do not belong to its architecture: {few(extra)}.")
    for name, shape in shapes.items():
        if tensors[name].shape != tuple(shape):
            raise ModelError(f"{path}: tensor {name} has shape {tensors[name].shape}; expected {tuple(shape)}.")


def check_finite(path: Path | str, tensors: Mapping[str, NDArray[Any]]) -> None:
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ModelError(
                f"{path}: tensor {name} holds numbers that are not finite. Export it from an older checkpoint."
            )


def few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
