"""The report: one self-contained HTML file. Its text is in the template report.html; this module supplies the values.

A function for each section makes a dictionary of what the template prints: words, numbers as text, rows of tables,
drawings (SVG of our own, see charts) and pictures as `Shown`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray
from PIL import Image

from installation.training.evaluation.charts import Series, bars, curves, histogram
from installation.training.evaluation.likeness import Picture
from installation.training.evaluation.measures import ALIKE, SAME_PRINT, Figures
from installation.training.evaluation.summary import copying_in_words, summary

Arrays = Mapping[str, NDArray[Any]]
Section = dict[str, Any]

CELL, SMALL = 128, 64
"""Pixels at most of a painted picture, and of a training picture, if requested."""
PAPER = 250
"""Level of the empty cells of a sheet."""
NONE = "–"
"""In a table: there is no such figure."""


@dataclass(frozen=True)
class Shown:
    """A picture on the page: its alternative text, and the JPEG, base64."""

    words: str
    data: str


def write(figures: Figures, arrays: Mapping[str, Arrays], show_training: bool) -> str:
    """The whole page. Training pictures are on it only if requested."""
    sections = {
        name: make(figures[name], arrays[name], show_training) if name in figures else None
        for name, make in SECTIONS.items()
    }
    about = figures["about"]
    return template().render(about=about, head=_head(figures, arrays), foot=_foot(about), **sections)


def template() -> Any:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("report.html")


# -- sections ----------------------------------------------------------------------------------------------------------


def _head(figures: Figures, arrays: Mapping[str, Arrays]) -> Section:
    sheet = figures["sheet"]
    return {
        "lines": summary(figures),
        "sheet": _picture(grid(arrays["sheet"]["sheet"], 8), f"{sheet['seeds']} samples"),
        "seeds": sheet["seeds"],
        "last": sheet["seeds"] - 1,
        "psi": f"{sheet['psi']:g}",
    }


def _sets(psi: float) -> tuple[tuple[str, str], ...]:
    """(name in the figures, words) of what is compared; a model that is shown at psi 1 has nothing between."""
    whole = (("whole", "samples at psi 1"), ("real", "two halves of the real pictures"))
    return whole if psi == 1 else (*whole, ("shown", f"samples at psi {psi:g}"))


def _closeness(figures: Figures, arrays: Arrays, show: bool) -> Section:
    levels = list(figures["real"]["levels"])
    series = [
        Series(label, np.array([figures[name]["levels"][level] for level in levels]), colour)
        for colour, (name, label) in enumerate(_sets(figures["psi"]))
    ]
    names = [f"{word} ({level} px)" for word, level in zip(_level_words(len(levels)), levels, strict=True)]
    return {
        "plot": bars("Distance from the real pictures, by what is compared", names, series, "distance × 1000"),
        "whole": f"{figures['whole']['times_real']:.1f} times",
        "shown": _calmer(figures["psi"], figures["shown"]["times_real"]),
        "inception": _inception(figures["inception"], figures["psi"]),
        "pictures": figures["pictures"],
    }


def _calmer(psi: float, times: float) -> str:
    return "" if psi == 1 else f"; at psi {psi:g}, where it is calmer on purpose, {times:.1f} times"


def _level_words(count: int) -> list[str]:
    """What is seen on each level of a pyramid, the finest first."""
    fine = ["finest detail", "brushwork", "features", "shapes"][: max(0, count - 1)]
    return [*fine, *["shapes"] * (count - 1 - len(fine)), "masses"]


def _inception(figures: Figures | None, psi: float) -> Section | None:
    if figures is None:
        return None
    rows = [(label, f"{figures['kid'][name]:.2f}", f"{figures['fid'][name]:.1f}") for name, label in _sets(psi)]
    return {"rows": rows, "pictures": figures["pictures"], "weights": figures["weights_sha256"][:16]}


def _features(figures: Figures, arrays: Arrays, show: bool) -> Section:
    if "needs" in figures:
        return {"needs": figures["needs"]}
    rows = [
        (label, f"{figures['kid'][name]:.2f}", f"{figures['spread'][name]:.0%}")
        for name, label in _sets(figures["psi"])
    ]
    return {"needs": "", "rows": rows, "pictures": figures["pictures"]}


def _surface(figures: Figures, arrays: Arrays, show: bool) -> Section:
    locked, peak, power = figures["locked"], figures["peak"], figures.get("power", {})
    rows = [
        ("position-locked ratio", *(_told(locked, name, "ratio", ".2f") for name in ("shown", "real"))),
        ("the same with the grain that hangs", _told(locked, "hung", "ratio", ".2f"), NONE),
        ("narrow peak, median", *(_told(peak, name, "median", ".1f") for name in ("shown", "real"))),
        ("narrow peak, 90th percentile", *(_told(peak, name, "ninetieth", ".1f") for name in ("shown", "real"))),
    ]
    rows += [
        (f"power at {ring} cycles per pixel", *(_told(power, name, ring, ".2f") for name in ("shown", "real")))
        for ring in power.get("shown", ())
    ]
    told = {"rows": rows, "pictures": figures["pictures"], "psi": f"{figures['psi']:g}"}
    return told | {"aligned": figures["aligned"], "compared": bool(power)}


def _told(figures: Figures, name: str, key: str, form: str) -> str:
    value = figures.get(name, {}).get(key)
    return NONE if value is None else f"{value:{form}}"


def _faces(figures: Figures, arrays: Arrays, show: bool) -> Section:
    if "needs" in figures:
        return {"needs": figures["needs"]}
    if not figures["enough"]:
        return {"needs": "", "enough": False, "share": f"{figures['shown']['faces']:.0%} of the samples"}
    both = ("shown", "real")
    rows = [
        ("eyes agree", *(_told(figures, name, "agree", ".0%") for name in both)),
        ("eyes agree without doubt", *(_told(figures, name, "close", ".0%") for name in both)),
        ("faces compared", *(_told(figures, name, "compared", "d") for name in both)),
        ("spread of the landmarks", *(_told({"shape": figures["shape"]}, "shape", name, ".0%") for name in both)),
    ]
    worst = [
        {"picture": _picture(_at_most(picture, CELL), f"seed {one['seed']}"), **one}
        for one, picture in zip(figures["worst"], arrays["worst"], strict=True)
    ]
    told = {"needs": "", "enough": True, "rows": rows, "worst": worst, "pictures": figures["pictures"]}
    return told | {"psi": f"{figures['psi']:g}", "network": figures["network_sha256"][:16]}


def _copying(figures: Figures, arrays: Arrays, show: bool) -> Section:
    series = [
        Series("shown pictures, to the nearest training picture", arrays["distances"]),
        Series("training pictures, to the nearest other one", arrays["among_real"], 1),
    ]
    mark = (figures["copy_limit"], "copies would lie left of here")
    plot = histogram("Distance to the nearest", series, "distance (0 the same, 1 nothing in common)", [mark])
    ruler = figures["ruler"]
    return {
        "verdict": copying_in_words(figures),
        "shown": figures["shown"],
        "real": f"{figures['real']:,}",
        "plot": plot,
        "pairs": list(_pairs(figures, arrays, show)),
        "tried": ruler["altered_copies"],
        "found": f"{ruler['found']:.0%}",
        "known": f"{ruler['their_95th_percentile']:.3f}",
        "begin": f"{figures['first_percentile_of_real']:.3f}",
        "twins": figures["copies_among_real"],
        "among": len(arrays["among_real"]),
        "limit": f"{figures['copy_limit']:.3f}",
        "nearer": f"{figures['share_nearer']:.1%}",
        "median": f"{figures['median']:.3f}",
        "usual": f"{figures['median_of_real']:.3f}",
    }


def _pairs(figures: Figures, arrays: Arrays, show: bool) -> Iterator[Section]:
    for index, pair in enumerate(figures["closest"]):
        pictures = [_picture(_at_most(arrays["shown"][index], CELL), f"painted, {pair['found_in']}")]
        if show:
            pictures.append(_picture(_at_most(arrays["training"][index], SMALL), "the nearest training picture"))
        source = pair.get("source") or {}
        told = ", ".join(str(source[key]) for key in ("artist", "title", "year") if key in source)
        yield pair | {"distance": f"{pair['distance']:.3f}", "pictures": pictures, "told": told}


def _variety(figures: Figures, arrays: Arrays, show: bool) -> Section:
    pair, twins, real = figures["nearest_pair"], figures["alike_pairs"], ""
    if "real" in figures:
        calm = ", where some of it is given up for calm," if figures["psi"] < 1 else ""
        real = (
            f", two real pictures by {figures['real']['mean_difference']:.1f}: at psi {figures['psi']:g}{calm} "
            f"the model has {figures['times_real']:.0%} of their variety"
        )
    alike = f"No two of {figures['samples']} samples are alike"
    return {
        "alike": alike if twins == 0 else f"{twins} pairs among {figures['samples']} samples are nearly alike",
        "difference": f"{figures['mean_difference']:.1f}",
        "real": real,
        "pair": _picture(grid(arrays["pair"], 2), "two samples"),
        "first": pair["first"],
        "second": pair["second"],
        "distance": f"{pair['distance']:.2f}",
        "limit": f"{ALIKE:g}",
        "prints": SAME_PRINT,
    }


WALKS = ("loop", "wander")


def _walks(figures: Figures, arrays: Arrays, show: bool) -> Section:
    plots = [
        curves(
            f"The {name}: change from each frame to the next",
            [Series(f"mean {figures[name]['mean_change']:.2f}", arrays[name], number)],
            "seconds",
            "levels of 255",
            len(arrays[name]) / figures[name]["rate"],
        )
        for number, name in enumerate(WALKS)
    ]
    rows = [
        (
            name,
            f"{figures[name]['mean_change']:.2f}",
            f"{figures[name]['variation']:.0%}",
            f"{figures[name]['largest']:.2f}",
            f"{figures[name]['times_mean']:.2f} ×",
        )
        for name in WALKS
    ]
    told = {"plots": plots, "rows": rows}
    return told | {"rate": f"{figures['loop']['rate']:g}", "psi": f"{figures['psi']:g}"}


def _rebuilding(figures: Figures, arrays: Arrays, show: bool) -> Section:
    if figures["encoder"] is None:
        return {"encoder": False}
    names = [name for name in ("real", "painted") if name in figures]
    keys = ("mean_levels", "psnr", "psnr_lowest")
    rows = [(f"{name} pictures", *(f"{figures[name][key]:.1f}" for key in keys)) for name in names]
    training = None
    if show and "real" in figures:
        small = np.stack([_at_most(one, SMALL) for one in (*arrays["real_original"], *arrays["real"])])
        training = _picture(grid(small, len(arrays["real"])), "training pictures")
    both = np.concatenate([arrays["painted_original"], arrays["painted"]])
    pictures = _picture(grid(both, len(arrays["painted"])), "samples, and the same painted again")
    told = {"encoder": True, "rows": rows, "pictures": pictures}
    return told | {"training": training, "count": figures[names[0]]["pictures"]}


def _truncation(figures: Figures, arrays: Arrays, show: bool) -> Section:
    strips = arrays["strips"]
    sheet = grid(strips.swapaxes(0, 1).reshape(-1, *strips.shape[2:]), strips.shape[0])
    return {"psi": [f"{psi:g}" for psi in figures["psi"]], "pictures": _picture(sheet, "samples at rising psi")}


def _directions(figures: Figures, arrays: Arrays, show: bool) -> Section:
    if not figures["count"]:
        return {"count": 0}
    strips = arrays["strips"]
    names = [str(one.get("name", number)) for number, one in enumerate(figures["directions"], 1)][: len(strips)]
    return {
        "count": figures["count"],
        "more": figures["count"] > len(strips),
        "amounts": [_signed(amount) for amount in figures["amounts"]],
        "names": names,
        "pictures": _picture(grid(strips.reshape(-1, *strips.shape[2:]), strips.shape[1]), "steps along directions"),
    }


def _space(figures: Figures, arrays: Arrays, show: bool) -> Section:
    gain = arrays["gain"][:64]
    title = "What one standard deviation along each principal direction changes"
    rows = [
        ("numbers that name a picture", f"{figures['latent_dim']}"),
        ("of them in use, going by their spread", f"{figures['effective_dimensions']:.0f}"),
        ("principal directions that change a picture by a level or more", f"{figures['seen_dimensions']}"),
        ("weights of the network", f"{figures['parameters']:,}"),
        ("favourites of the curator; places blocked", f"{figures['favourites']}; {figures['blocked']}"),
    ]
    plot = curves(title, [Series("mean change", gain)], "direction, by falling spread", "levels of 255", len(gain))
    return {"rows": rows, "plot": plot}


SECTIONS: dict[str, Callable[[Figures, Arrays, bool], Section]] = {
    "closeness": _closeness,
    "features": _features,
    "surface": _surface,
    "faces": _faces,
    "copying": _copying,
    "variety": _variety,
    "walks": _walks,
    "rebuilding": _rebuilding,
    "truncation": _truncation,
    "directions": _directions,
    "space": _space,
}


def _foot(about: Figures) -> list[tuple[str, str]]:
    rows = [
        ("model", f"{about['file']}, {about['kind']}, {about['megabytes']:.1f} MB"),
        ("sha256", about["sha256"]),
        ("trained", trained(about["training"])),
    ]
    if "pictures" in about:
        pictures = about["pictures"]
        rows.append(("compared with", f"{pictures['count']} pictures from {pictures['source']}: {sameness(about)}"))
    rows.append(("made with", ", ".join(f"{name} {version}" for name, version in about["made_with"].items())))
    return rows


def trained(training: Figures) -> str:
    hours = training.get("active_minutes", 0) >= 60
    parts = (
        ("pictures", "on {:,} pictures", 1),
        ("images", "{:,} seen", 1),
        ("active_minutes", *(("in {:.1f} hours", 60) if hours else ("in {:.0f} minutes", 1))),
    )
    told = [
        words.format(training[key] / unit if unit > 1 else training[key])
        for key, words, unit in parts
        if training.get(key)
    ]
    return ", ".join(told) or "not told"


def sameness(about: Figures) -> str:
    """Whether the pictures compared with are those of the training."""
    told = {
        True: "the very ones that it was trained on, by the ledger's digest",
        False: "not the same set as it was trained on, by the ledger's digest",
    }
    return told.get(about["pictures"]["same_as_trained"], "no ledger tells whether it was trained on these")


# -- pieces ------------------------------------------------------------------------------------------------------------


def _signed(number: float) -> str:
    return f"{number:+g}".replace("-", "−") if number else "0"


def grid(pictures: Picture, columns: int) -> Picture:
    """(n, h, w, 3) in rows of so many, each at most CELL px, on the paper's colour."""
    small = np.stack([_at_most(picture, CELL) for picture in pictures])
    n, height, width, _ = small.shape
    rows = -(-n // columns)
    sheet = np.full((rows * columns, height, width, 3), PAPER, np.uint8)
    sheet[:n] = small
    return np.ascontiguousarray(
        sheet.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    )


def _at_most(picture: Picture, side: int) -> Picture:
    import cv2  # here: it changes the environment when it is imported

    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _picture(picture: Picture, words: str) -> Shown:
    packed = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(packed, "JPEG", quality=86)
    return Shown(words, base64.b64encode(packed.getvalue()).decode())
