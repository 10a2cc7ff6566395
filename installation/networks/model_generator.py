"""What the generators that paint from a model file have in common.

That is its file's latent space, the truncation psi, the directions in the file as knobs, and its curator's choice.

The network itself is rebuilt by the helper that is named after the model's kind (generators/_stylegan2.py): its

    build(header, tensors, device, name) -> network        raises ModelError where tensors do not fit

The network has ``z_dim``, ``mapping(z) -> latents`` (numpy (n, z_dim) standard normal -> (n, latent_dim)), ``synthesis
(latents) -> torch (n, 3, height, width)`` about -1..1, and ``paint(latent) -> uint8 (height, width, 3)``. If the file
has a refiner, it is a ``Refined`` (refined.py): how much the refiner paints, 0..1, follows each latent. A show has the
brush of the file behind that, where it has one, and a second number.
"""

import os
from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from installation.core.contracts import Generator, GeneratorConfig, Latent, Pixels, Space
from installation.core.controls import Control, Values
from installation.core.disk_cache import DiskCache
from installation.core.errors import DeviceError, ModelError
from installation.core.invocation import program
from installation.core.paths import ShowPath
from installation.core.weak_cache import weakly_cached
from installation.networks.amounts import asked_for, fully, knobs_of, with_amounts
from installation.networks.avoid import Avoidance
from installation.networks.classes import class_controls, names_of, of_class
from installation.networks.compile_apart import Form, compile_one, lacks_verdict
from installation.networks.direction_controls import address, direction_controls
from installation.networks.model_file import (
    Header,
    Tensors,
    bytes_in_memory,
    check_shapes,
    group_of,
    load_model,
    read_header,
)
from installation.networks.paces import MeasuredPace, paces_for, paces_of

FACTS = ("mean", "basis", "std", "gain")
"""What was measured of a model's latent space when it was made."""
PSI = "/generator/psi"
REFINE, BRUSH = "/generator/refine", "/generator/brush"
PROOFS = 6
"""At how many latents runtimes of a network are compared before the faster one is used."""


# -- the file ---------------------------------------------------------------------------------------------------------


def rebuild(header: Header, tensors: Tensors, device: str, name: Path) -> Any:
    """The network of a model file that model_file.load_model has read. Raises ModelError for a kind unknown here."""
    helper = f"installation.networks.{header['kind']}"
    known = header["kind"].isidentifier() and find_spec(helper) is not None
    build = getattr(import_module(helper), "build", None) if known else None
    if build is None:
        raise ModelError(f'{name}: a model of kind "{header["kind"]}", which nothing here paints.')
    network = build(header, tensors, device, name)
    if not header.get("refiner"):
        return network
    from installation.networks.refined import refined  # here: it loads torch

    return refined(network, header, tensors, name)


def space_of(name: Path, header: Header, tensors: Tensors, digest: str) -> Space:
    """The latent space of a model file, with its curator's choice. Raises ModelError where the two do not fit."""
    facts = group_of(tensors, "latent")
    missing = [fact for fact in FACTS if fact not in facts]
    if missing:
        raise ModelError(f"{name}: latent.{missing[0]} is missing; export the model again from its checkpoint.")
    count, dim = len(facts["std"]), len(facts["mean"])
    shapes = {"mean": (dim,), "basis": (count, dim), "std": (count,), "gain": (count,)}
    check_shapes(name, {fact: facts[fact] for fact in FACTS}, shapes)
    mean, basis, std, gain = (facts[fact] for fact in FACTS)
    return Space(mean, basis, std, gain, digest, **_chosen(name, header, tensors, dim))


def _chosen(name: Path, header: Header, tensors: Tensors, dim: int) -> dict[str, Any]:
    """The curator's favourites and blocked places as fields of Space; empty where there are none."""
    listed, latents = header.get("curation") or {}, group_of(tensors, "curation")
    favourites, blocked = listed.get("favourites", []), listed.get("blocked", [])
    wanted = {"favourites": (len(favourites), dim), "blocked": (len(blocked), dim)}
    shapes = {part: shape for part, shape in wanted.items() if shape[0]}
    check_shapes(name, {part: latents[part] for part in shapes if part in latents}, shapes)
    chosen: dict[str, Any] = {}
    if favourites:
        chosen |= {"favourites": latents["favourites"], "names": favourite_names(header)}
    if blocked:
        chosen |= {
            "blocked": latents["blocked"],
            "radii": np.array([_radius(name, one) for one in blocked], np.float32),
        }
    return chosen


def _radius(name: Path, blocked: dict[str, Any]) -> float:
    radius = blocked.get("radius")
    if not isinstance(radius, int | float) or not 0 < radius < float("inf"):
        raise ModelError(f'{name}: the blocked place "{blocked["name"]}" has the radius {radius!r}; expected above 0.')
    return radius


def favourite_names(header: Header) -> tuple[str, ...]:
    return tuple(one["name"] for one in (header.get("curation") or {}).get("favourites", ()))


# -- the part ---------------------------------------------------------------------------------------------------------


class ModelConfig(GeneratorConfig, ABC):
    """The options of a generator that paints from a model file of its kind."""

    renamed: ClassVar[Mapping[str, str]] = {"form": "runtime"}

    model: ShowPath = Field(description="the model file (.safetensors), beside the show")
    psi: float = Field(0.7, ge=0.0, le=1.2, description="truncation psi: 0 is the mean picture, 1 the whole variety")
    refine: float = Field(
        1.0, ge=0.0, le=1.0, description="how much the model's refiner paints: 0 the plain picture, 1 all detail"
    )
    brush: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        description="how much the model's brush paints, which doubles the size for the screen: 0 leaves it out, "
        "and its time",
    )
    runtime: Literal["auto", "eager"] = Field(
        "auto", description="auto: as fast as this machine can; eager: plain torch"
    )

    @field_validator("model")
    @classmethod
    def _is_a_model(cls, model: Path) -> Path:
        read_header(model, kind=cls.model_fields["kind"].default)
        return model

    @model_validator(mode="after")
    def _refines_if_asked(self) -> Self:
        for option, group in (("refine", "refiner"), ("brush", "brush")):
            if option in self.model_fields_set and not read_header(self.model).get(group):
                train = f"{program()} {group} {self.model}"
                raise ValueError(f"{option}: {self.model} holds no {group}; leave it out, or train one: {train}")
        return self

    def controls(self) -> tuple[Control, ...]:
        psi = Control(PSI, "truncation psi: calm and alike at 0, wild at 1", "float", 0.0, 1.2, self.psi)
        header = read_header(self.model) if self.model else {}  # --list makes one without a model
        refine = Control(REFINE, "how much detail is painted: 0 soft, 1 all", default=self.refine)
        brush = Control(BRUSH, "how much the brush paints: 0 enlarged softly, 1 all", default=self.brush)
        return (
            psi,
            *class_controls(header, self.model),
            *direction_controls(header),
            *((refine,) if header.get("refiner") else ()),
            *((brush,) if self.brushes(header) else ()),
        )

    def brushes(self, header: Header) -> bool:
        """Whether the model's brush paints in this piece."""
        return bool(self.brush and header.get("brush"))

    def favourites(self) -> tuple[str, ...]:
        return favourite_names(read_header(self.model))

    def resident(self) -> Mapping[str, int]:
        return {str(self.model): bytes_in_memory(self.model)}

    def verify(self) -> None:
        check_whole(self.model)

    def options(self) -> dict[str, Any]:
        """What decides the pictures besides the model, as its measured paces name it. Detail changes no pace."""
        return self.model_dump(mode="json", exclude={"kind", "model", "refine", "brush", "runtime"})


class ModelGenerator(Generator):
    """Latents are not truncated: psi is applied when painting, so that it can be steered, and the directions after it,
    so that a step has the same visible size whatever psi is.

    Before both, a latent is moved out of the curator's blocked balls, for every walk (see avoid.py):
    what is painted at psi 1 with the directions at rest is never inside a ball. Another psi moves balls and latents
    alike towards the mean, so that the distance between what is painted and a blocked picture, both at that psi, is at
    least psi times its radius. Moving a direction may enter a ball, so that its step is always visible.
    """

    def __init__(self, config: ModelConfig, device: str) -> None:
        self._config = config
        space, self._steps, paces = self._open(resolve(device))
        self.psi = config.psi
        known = paces_for(config.options(), paces)
        self.space = replace(space, digest=f"{space.digest}-psi{self.psi:g}", paces=known)
        self._avoid = Avoidance(self.space)

    def _open(self, device: str) -> "Facts":
        """Loads the network, on the processor where the device has no memory left."""
        try:
            return self._place(device)
        except RuntimeError as error:  # as torch.OutOfMemoryError is
            facts: Facts = self._with_less(device, error, self._place)
            return facts

    def _place(self, device: str) -> "Facts":
        """Has the network painted by plain torch on a device."""
        model, brush = self._config.model, self._config.brushes(read_header(self._config.model))
        self._form = Form(model, brush)
        self._opened = found = opened(model, model.stat().st_mtime_ns, device, brush)
        self.network = found.network
        self._rests_behind = [(f"/generator/{knob}", getattr(self._config, knob)) for knob in knobs_of(self.network)]
        self._runtime, self.device = plain_runtime(self.network, device), device
        return found.space, found.steps, found.paces

    def _with_less(self, device: str, error: RuntimeError, attempt: Callable[[str], Any]) -> Any:
        from installation.networks.device_memory import is_full, with_less  # here: it loads torch

        if not is_full(error):
            raise error
        self._runtime = None  # a captured graph keeps memory of its own
        return with_less(device, self._config.model.name, attempt)

    def latent(self, seed: int) -> Latent:
        return latent_of(self.network, seed)

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        try:
            return self.painted(latent, controls)
        except RuntimeError as error:  # as torch.OutOfMemoryError is
            pixels: Pixels = self._with_less(self.device, error, lambda device: self._anew(latent, controls, device))
            return pixels

    def painted(self, latent: Latent, controls: Values) -> Pixels:
        """The picture, where the device has the memory for it."""
        pixels: Pixels = self._runtime.paint(self.asked(latent, controls))
        return pixels

    def _anew(self, latent: Latent, controls: Values, device: str) -> Pixels:
        self._place(device)
        return self.painted(latent, controls)

    def asked(self, latent: Latent, controls: Values) -> Latent:
        """The network's input for a latent: its style and, of one with a refiner, how much that paints."""
        w = of_class(self.steered(latent, controls), classes_of(self.network), controls)
        return with_amounts(w, asked_for(self._rests_behind, controls))

    @property
    def runtime(self) -> str:
        """Such as "eager fp32" or "openvino fp32"; "none" while it is opened on another device."""
        return str(getattr(self._runtime, "name", "none"))

    def accelerate(self, cache: DiskCache) -> None:
        """From here on pictures may differ from plain torch's by up to two levels of 255 (checked in
        choose_runtime.py)."""
        model = self._config.model
        if self._config.runtime == "auto":
            self._fastest = fastest_runtime(self._form, model.stat().st_mtime_ns, self.device, cache)
            self._runtime = self._fastest()

    def to_compile(self, cache: DiskCache) -> Form | None:
        """What has to be compiled of its model file before it can ``accelerate``."""
        form = self._form
        return form if self._config.runtime == "auto" and lacks_verdict(form, self.device, cache) else None

    def is_compiled(self, cache: DiskCache) -> bool:
        return self._config.runtime == "auto" and self.device == "cpu" and self.to_compile(cache) is None

    def steered(self, latent: Latent, controls: Values) -> Latent:
        """Where a latent is painted: out of the balls, psi towards the mean, then along the directions."""
        mean = self.space.mean
        w = self._avoid(latent) - mean
        w *= np.float32(controls.get(PSI, self.psi))
        w += mean
        for at, step in self._steps:
            amount = controls.get(at, 0.0)
            if amount:
                w += np.float32(amount) * step
        return w


Facts = tuple[Space, tuple[tuple[str, Latent], ...], tuple[MeasuredPace, ...]]


@dataclass(frozen=True, eq=False)
class Opened:
    """What pieces on the same model share: the network, its space, directions (address, one step) and paces."""

    network: Any
    space: Space
    steps: tuple[tuple[str, Latent], ...]
    paces: tuple[MeasuredPace, ...]


def latent_of(network: Any, seed: int) -> Latent:
    """The latent of a seed in a network's space."""
    z = np.random.default_rng(seed).standard_normal((1, network.z_dim)).astype(np.float32)
    w: Latent = network.mapping(z)[0]
    return w


@weakly_cached
def opened(model: Path, changed: int, device: str, brush: bool = False) -> Opened:
    """A model file, for as long as a piece uses it, with its ``brush`` or without.
    ``changed`` is the file's time of change (ns), so that a new model under the old name is read anew."""
    header, tensors = load_model(model)
    network = rebuild(header, tensors, device, model)
    if brush:
        from installation.networks.refined import brushed  # here: it loads torch

        network = brushed(network, header, tensors, model)
    if len(names_of(header, model)) != (classes_of(network) if classes_of(network) > 1 else 0):
        raise ModelError(f"{model}: header classes: {classes_of(network)} names belong there, one for each class.")
    space = space_of(model, header, tensors, f"{model.name}-{changed}")
    steps = group_of(tensors, "directions").get("vectors", np.zeros((0, len(space.mean)), np.float32))
    names = [one["name"] for one in header.get("directions") or ()]
    check_shapes(model, {"directions.vectors": steps}, {"directions.vectors": (len(names), len(space.mean))})
    return Opened(
        network,
        space,
        tuple((address(number, name), step) for number, (name, step) in enumerate(zip(names, steps, strict=True), 1)),
        paces_of(model, header, tensors),
    )


def check_whole(model: Path) -> None:
    """Raises ModelError where anything in a model file is not what it must be: the network, its space, directions,
    favourites, blocked places and paces, and the encoder."""
    changed, header = model.stat().st_mtime_ns, read_header(model)
    network = opened(model, changed, "cpu", bool(header.get("brush"))).network
    if header.get("encoder"):
        from installation.networks.encoder import opened as opened_encoder  # here: it loads torch

        opened_encoder(model, changed, "cpu", network)


def plain_runtime(network: Any, device: str) -> Any:
    """A network painting by plain torch, for one piece (see installation/networks/runtime.py)."""
    from installation.networks.runtime import Eager

    return Eager(network.synthesis, proofs(network), device)


@weakly_cached
def fastest_runtime(form: Form, changed: int, device: str, cache: DiskCache, apart: bool = True) -> Any:
    """Opens a network's fastest runtime, once for each piece; with ``apart`` another process does what takes long."""
    from installation.networks.choose_runtime import fastest
    from installation.networks.refined import split

    network = opened(form.model, changed, device, form.brush).network
    if apart and lacks_verdict(form, device, cache):
        compile_one(form, cache)
    halves = split(network) if form.brush else None
    return fastest(network.synthesis, proofs(network), device, form.digest(), cache, halves)


def proofs(network: Any) -> NDArray[np.float32]:
    """The latents at which runtimes of a network are compared: of seeds, not truncated, of the first class, and refined
    fully."""
    latents: NDArray[np.float32] = network.mapping(
        np.random.default_rng(PROOFS).standard_normal((PROOFS, network.z_dim)).astype(np.float32)
    )
    latents = np.ascontiguousarray(latents[:, : latents.shape[1] // classes_of(network)])
    return fully(network, latents)


def classes_of(network: Any) -> int:
    """How many classes a network has; 1 for one without."""
    count: int = getattr(network, "classes", 1)
    return count


def resolve(device: str) -> str:
    """``auto`` is the best that this machine has. Raises DeviceError for one that it has not."""
    # Read when torch is loaded. Its threads sleep while they wait for one another: a painter alone is a little faster
    # where they spin, and far slower where anything else needs their cores, as the stage, a camera and the page do.
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, works in there.items() if works)
    if not there[device]:
        works = ", ".join(name for name, works in there.items() if works)
        raise DeviceError(f"--device: found {device}, which torch does not find here, expected one of {works}, or auto")
    return device
