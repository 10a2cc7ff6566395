"""Plots as inline SVG: histogram, curves, bars. Plain strings, no library; they scale, print, and inherit the font."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]

WIDTH, HEIGHT = 680.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 12.0, 40.0
COLOURS = ("#9a5b13", "#4b6475", "#b9ad9b", "#6d7f3c")
"""Ochre for the model, slate for the real pictures, then others; distinguishable in greyscale as well."""


@dataclass(frozen=True)
class Series:
    label: str
    values: Numbers
    colour: int = 0


@dataclass(frozen=True)
class Axis:
    """A range of numbers laid out from `start` to `end` in the drawing."""

    low: float
    high: float
    start: float
    end: float

    def position(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers, four to eight of them."""
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def histogram(title: str, series: Sequence[Series], unit: str, marks: Sequence[tuple[float, str]] = ()) -> str:
    """Shares of each series in 32 equal bins, as overlaid steps; `marks` are upright lines with a word."""
    everything = np.concatenate([one.values for one in series])
    high = max(float(everything.max()), *(mark for mark, _ in marks), 1e-6) * 1.04
    edges = np.linspace(0, high, 33)
    shares = [np.histogram(one.values, edges)[0] / max(len(one.values), 1) * 100 for one in series]
    x = Axis(0, high, LEFT, WIDTH - RIGHT)
    y = Axis(0, max(float(share.max()) for share in shares) * 1.1 + 1e-9, HEIGHT - BOTTOM, TOP)
    drawn = [_steps(edges, share, x, y, one.colour) for one, share in zip(series, shares, strict=True)]
    drawn += [_mark(x.position(value), words) for value, words in marks]
    return _drawing(title, _axes(x, y, unit, "% of pictures"), drawn, series)


def curves(title: str, series: Sequence[Series], unit: str, height_unit: str, span: float) -> str:
    """Curves over 0 to `span`, each thinned to what can be seen; the upright axis begins at 0."""
    high = max(float(one.values.max()) for one in series) * 1.08 + 1e-9
    x, y = Axis(0, span, LEFT, WIDTH - RIGHT), Axis(0, high, HEIGHT - BOTTOM, TOP)
    drawn = [_curve(_thinned(one.values), x, y, one.colour) for one in series]
    return _drawing(title, _axes(x, y, unit, height_unit), drawn, series)


def bars(title: str, groups: Sequence[str], series: Sequence[Series], height_unit: str) -> str:
    """A group of bars for each word, one bar of each series in it."""
    high = max(float(one.values.max()) for one in series) * 1.1 + 1e-9
    y = Axis(0, high, HEIGHT - BOTTOM, TOP)
    wide = (WIDTH - LEFT - RIGHT) / len(groups)
    thick = wide * 0.72 / len(series)
    drawn = []
    for group, word in enumerate(groups):
        start = LEFT + wide * (group + 0.14)
        drawn += [_bar(start + thick * at, thick, float(one.values[group]), y, one) for at, one in enumerate(series)]
        drawn.append(_text(LEFT + wide * (group + 0.5), HEIGHT - BOTTOM + 16, word, "middle"))
    return _drawing(title, _upright(y, height_unit), drawn, series)


def _thinned(values: Numbers, most: int = 340) -> Numbers:
    """At most `most` numbers, keeping the largest of each stretch, so that no jump is hidden."""
    if len(values) <= most:
        return values
    return np.array([part.max() for part in np.array_split(values, most)])


def _steps(edges: Numbers, heights: Numbers, x: Axis, y: Axis, colour: int) -> str:
    points = [(x.position(float(edges[0])), y.position(0.0))]
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        points += [(x.position(float(side)), y.position(float(height))) for side in (left, right)]
    points.append((x.position(float(edges[-1])), y.position(0.0)))
    return (
        f'<path d="{_path(points)}Z" fill="{COLOURS[colour]}" fill-opacity="0.28" stroke="{COLOURS[colour]}" '
        'stroke-width="1.5"/>'
    )


def _curve(values: Numbers, x: Axis, y: Axis, colour: int) -> str:
    steps = np.linspace(x.low, x.high, len(values))
    points = [(x.position(float(at)), y.position(float(value))) for at, value in zip(steps, values, strict=True)]
    return f'<path d="{_path(points)}" fill="none" stroke="{COLOURS[colour]}" stroke-width="1.6"/>'


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _bar(start: float, thick: float, value: float, y: Axis, one: Series) -> str:
    top = y.position(value)
    return (
        f'<rect x="{start:.1f}" y="{top:.1f}" width="{thick - 2:.1f}" height="{y.start - top:.1f}" '
        f'fill="{COLOURS[one.colour]}"/>' + _text(start + thick / 2 - 1, top - 4, f"{value:.3g}", "middle", "figure")
    )


def _mark(x: float, words: str) -> str:
    """The word stands on the side where there is room."""
    side, anchor = (5, "start") if x < WIDTH * 0.7 else (-5, "end")
    line = f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#333" stroke-dasharray="4 3"/>'
    return line + _text(x + side, TOP + 10, words, anchor)


def _axes(x: Axis, y: Axis, unit: str, height_unit: str) -> list[str]:
    drawn = _upright(y, height_unit)
    drawn += [_text(x.position(tick), HEIGHT - BOTTOM + 16, f"{tick:.4g}", "middle") for tick in x.ticks()]
    return [*drawn, _text((x.start + x.end) / 2, HEIGHT - 6, unit, "middle", "unit")]


def _upright(y: Axis, unit: str) -> list[str]:
    drawn = []
    for tick in y.ticks():
        height = y.position(tick)
        drawn.append(f'<path d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}" stroke="#ddd6ca"/>')
        drawn.append(_text(LEFT - 6, height + 4, f"{tick:.4g}", "end"))
    middle = (y.start + y.end) / 2
    start = f'<text class="unit" text-anchor="middle" transform="translate(11 {middle:.1f}) rotate(-90)">'
    return [*drawn, f"{start}{escape(unit)}</text>"]


def _text(x: float, y: float, words: str, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _drawing(title: str, axes: Sequence[str], drawn: Sequence[str], series: Sequence[Series]) -> str:
    keys = "".join(
        f'<span><i style="background:{COLOURS[one.colour]}"></i>{escape(one.label)}</span>' for one in series
    )
    return (
        f'<figure class="plot"><figcaption>{escape(title)}<span class="keys">{keys}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img"><title>{escape(title)}</title>'
        f"{''.join(axes)}{''.join(drawn)}</svg></figure>"
    )
