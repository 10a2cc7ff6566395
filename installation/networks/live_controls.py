"""The controls by which a style-based network is changed while it paints: bending, mixing, blending, truncation and
noise, each where a show file asks for it.

At rest none of them changes a picture. ``at_rest`` says whether all are; then the network paints as without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from installation.core.controls import Control, Values
from installation.networks.layers import INPUT, Layers

FEATURES = ("all", "1", "2", "3", "4", "5")
"""Which features of a layer are bent: all, or those of a cluster (see bending.py)."""

RESTS: Mapping[str, float] = MappingProxyType(
    {
        "gain": 1.0,
        "scale": 1.0,
        "rotate": 0.0,
        "move/x": 0.0,
        "move/y": 0.0,
        "noise": 0.0,
        "threshold": 0.0,
        "ablate": 0.0,
    }
)
"""The controls of a bent layer that change pictures, with the value at which they do not."""

IN_PLANE = ("scale", "rotate", "move/x", "move/y")
"""Those that the waves of a StyleGAN3 have."""

MIX, BLEND, TRUNCATE, NOISE = "/generator/mix", "/generator/blend", "/generator/truncate", "/generator/noise"


VARIETY, USUAL_VARIETY = "/generator/variety", 0.7


def bend_address(name: str, control: str) -> str:
    """Of the layer or group ``name``: ``/generator/bend/16-conv1/rotate``."""
    return f"/generator/bend/{name.replace('.', '-')}/{control}"


def bend_controls(name: str) -> tuple[Control, ...]:
    """Those of one layer or group of them."""

    def knob(control: str, doc: str, low: float, high: float, unit: str = "") -> Control:
        return Control(bend_address(name, control), doc, "float", low, high, RESTS[control], unit)

    what = "the waves that the picture begins as" if name == INPUT else f"features of {name}"
    plane = (
        knob("scale", f"makes {what} larger", 0.5, 2.0, "x"),
        knob("rotate", f"turns {what}, clockwise", -0.5, 0.5, "turn"),
        knob("move/x", f"moves {what} to the right, in widths", -0.5, 0.5),
        knob("move/y", f"moves {what} down, in heights", -0.5, 0.5),
    )
    if name == INPUT:
        return plane
    return (
        Control(bend_address(name, "features"), f"which features of {name} are bent", "choice", choices=FEATURES),
        knob("gain", f"makes {what} stronger", 0.2, 3.0, "x"),
        *plane,
        knob("noise", f"adds noise to {what}, in times their own strength", 0.0, 1.0, "x"),
        knob("threshold", f"what is weaker of {what} goes, in times their strength", 0.0, 2.0, "x"),
        knob("ablate", f"how much is taken away of {what}", 0.0, 1.0),
    )


def range_controls(base: str, levels: Sequence[str], doc: str) -> tuple[Control, ...]:
    """The first and the last level of a range, counted from 1."""
    count = len(levels)
    told = f"of {count}: 1 is {levels[0]}, {count} is {levels[-1]}"
    return (
        Control(f"{base}/from", f"first level that {doc}, {told}", "int", 1, count, 1),
        Control(f"{base}/to", f"last level that {doc}, {told}", "int", 1, count, count),
    )


def mix_controls(layers: Layers) -> tuple[Control, ...]:
    seed = "the second picture, whose style is mixed in; between two whole numbers it lies between theirs"
    return (
        Control(f"{MIX}/amount", "how much of the second picture's style is mixed in"),
        Control(f"{MIX}/seed", seed, "float", 0.0, 999.0, 1.0),
        *range_controls(MIX, layers.levels, "takes it"),
    )


def blend_controls(layers: Layers) -> tuple[Control, ...]:
    return (
        Control(f"{BLEND}/amount", "how far the network goes over into the second one"),
        *range_controls(BLEND, layers.levels, "goes over"),
    )


def truncate_controls(names: Sequence[str]) -> tuple[Control, ...]:
    return tuple(
        Control(f"{TRUNCATE}/{name}", f"psi of {name} alone, in times the whole picture's", "float", 0.0, 1.5, 1.0, "x")
        for name in names
    )


def noise_controls() -> tuple[Control, ...]:
    return (
        Control(f"{NOISE}/amount", "how strong the network's noise is", "float", 0.0, 2.0, 1.0, "x"),
        Control(f"{NOISE}/seed", "which noise; 0 is that of the model file", "int", 0, 999, 0),
    )


def variety_control() -> Control:
    doc = "how much the parts of a wide picture differ: 0 all alike, 1 each by itself"
    return Control(VARIETY, doc, default=USUAL_VARIETY)


@dataclass(frozen=True)
class Live:
    """What a show file asks for."""

    layers: Layers
    bend: tuple[str, ...] = ()
    mix: bool = False
    blend: bool = False
    truncate: tuple[str, ...] = ()
    noise: bool = False
    tiles: tuple[int, int] = (1, 1)
    """Across and down: how many pictures wide and high it is."""

    def controls(self) -> tuple[Control, ...]:
        return (
            *(control for name in self.bend for control in bend_controls(name)),
            *(mix_controls(self.layers) if self.mix else ()),
            *(blend_controls(self.layers) if self.blend else ()),
            *truncate_controls(self.truncate),
            *(noise_controls() if self.noise else ()),
            *((variety_control(),) if self.tiles[0] > 1 else ()),
        )

    def rests(self) -> Iterator[tuple[str, float]]:
        """The controls that each change a picture, and the value at which it does not."""
        for name in self.bend:
            for control in IN_PLANE if name == INPUT else RESTS:
                yield bend_address(name, control), RESTS[control]
        for base, there in ((MIX, self.mix), (BLEND, self.blend)):
            if there:
                yield f"{base}/amount", 0.0
        for name in self.truncate:
            yield f"{TRUNCATE}/{name}", 1.0
        if self.noise:
            yield f"{NOISE}/amount", 1.0
            yield f"{NOISE}/seed", 0.0


def span(base: str, layers: Layers, controls: Values) -> frozenset[str]:
    """The levels of the range that the controls ask for; none where it ends before it begins."""
    first, last = controls.get(f"{base}/from", 1.0), controls.get(f"{base}/to", float(len(layers.levels)))
    return frozenset(layers.levels[max(0, int(first) - 1) : int(last)])
