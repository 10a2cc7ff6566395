"""The report: one HTML file with everything in it. Its words are in report.html; pictures and figures come in here."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from installation.training.evaluation.charts import Series, bars, curves, histogram
from installation.training.evaluation.glance import at_a_glance, copying_in_words
from installation.training.evaluation.likeness import Picture
from installation.training.evaluation.measures import ALIKE, SAME_PRINT, Figures

Arrays = Mapping[str, NDArray[Any]]

CELL, SMALL = 128, 64
"""Pixels at most of a painted picture, and of a training picture, where one is asked for."""
PAPER = 250
"""Level of the empty cells of a sheet."""


class Words:
    """The sections of report.html by name; each is filled by naming what its $places stand for."""

    def __init__(self) -> None:
        text = (Path(__file__).parent / "report.html").read_text("utf-8")
        self.top, *parts = re.split(r"<!-- == ([a-z ]+) == -->\n", text)
        self.sections = dict(zip(parts[::2], parts[1::2], strict=True))

    def fill(self, section: str, **values: object) -> str:
        return Template(self.sections[section]).substitute(values)


def write(figures: Figures, arrays: Mapping[str, Arrays], show_training: bool) -> str:
    """The whole page. Training pictures are on it only where they are asked for."""
    words = Words()
    top = Template(words.top).substitute(title=escape(figures["about"]["title"]))
    makers = {
        "closeness": _closeness,
        "copying": _copying,
        "variety": _variety,
        "walks": _walks,
        "rebuilding": _rebuilding,
        "truncation": _truncation,
        "directions": _directions,
        "space": _space,
    }
    body = [make(words, figures[name], arrays[name], show_training) for name, make in makers.items() if name in figures]
    if "copying" not in figures:
        body.append(words.fill("no copying"))
    return "".join([top, _head(words, figures, arrays), *body, _foot(words, figures["about"]), words.fill("end")])


# -- sections ----------------------------------------------------------------------------------------------------------


def _head(words: Words, figures: Figures, arrays: Mapping[str, Arrays]) -> str:
    about, sheet = figures["about"], figures["sheet"]
    lines = [
        f'<tr><td>{escape(line.question)}</td><td class="{line.mark}">{escape(line.answer)}</td>'
        f"<td>{escape(line.figure)}</td></tr>"
        for line in at_a_glance(figures)
    ]
    return words.fill(
        "head",
        title=escape(about["title"]),
        file=escape(about["file"]),
        quick=" This was a quick look: its figures are rough." if about["quick"] else "",
        lines="\n".join(lines),
        sheet=_picture(grid(arrays["sheet"]["sheet"], 8), f"{sheet['seeds']} samples"),
        seeds=sheet["seeds"],
        last=sheet["seeds"] - 1,
        psi=f"{sheet['psi']:g}",
    )


def _sets(psi: float) -> tuple[tuple[str, str], ...]:
    """(name in the figures, words) of what is compared; a model that is shown at psi 1 has nothing between."""
    whole = (("whole", "samples at psi 1"), ("real", "two halves of the real pictures"))
    return whole if psi == 1 else (*whole, ("shown", f"samples at psi {psi:g}"))


def _closeness(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    levels = list(found["real"]["levels"])
    series = [
        Series(label, np.array([found[name]["levels"][level] for level in levels]), colour)
        for colour, (name, label) in enumerate(_sets(found["psi"]))
    ]
    names = [f"{word} ({level} px)" for word, level in zip(_level_words(len(levels)), levels, strict=True)]
    return words.fill(
        "closeness",
        plot=bars("Distance from the real pictures, by what is compared", names, series, "distance × 1000"),
        whole=f"{found['whole']['times_real']:.1f} times",
        shown=_calmer(found["psi"], found["shown"]["times_real"]),
        inception=_inception(words, found["inception"], found["psi"]),
        pictures=found["pictures"],
    )


def _calmer(psi: float, times: float) -> str:
    return "" if psi == 1 else f"; at psi {psi:g}, where it is calmer on purpose, {times:.1f} times"


def _level_words(count: int) -> list[str]:
    """What is seen on each level of a pyramid, the finest first."""
    fine = ["finest detail", "brushwork", "features", "shapes"][: max(0, count - 1)]
    return [*fine, *["shapes"] * (count - 1 - len(fine)), "masses"]


def _inception(words: Words, found: Figures | None, psi: float) -> str:
    if found is None:
        return words.fill("no inception")
    rows = [(label, f"{found['kid'][name]:.2f}", f"{found['fid'][name]:.1f}") for name, label in _sets(psi)]
    weights = found["weights_sha256"][:16]
    return words.fill("inception", rows=_numbers(rows), pictures=found["pictures"], weights=weights)


def _copying(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    series = [
        Series("shown pictures, to the nearest training picture", arrays["distances"]),
        Series("training pictures, to the nearest other one", arrays["among_real"], 1),
    ]
    mark = (found["copy_limit"], "copies would lie left of here")
    ruler = found["ruler"]
    return words.fill(
        "copying",
        verdict=escape(copying_in_words(found)),
        shown=found["shown"],
        real=f"{found['real']:,}",
        plot=histogram("Distance to the nearest", series, "distance (0 the same, 1 nothing in common)", [mark]),
        pairs="".join(_pairs(found, arrays, show)),
        tried=ruler["altered_copies"],
        found=f"{ruler['found']:.0%}",
        known=f"{ruler['their_95th_percentile']:.3f}",
        begin=f"{found['first_percentile_of_real']:.3f}",
        twins=found["copies_among_real"],
        among=len(arrays["among_real"]),
        limit=f"{found['copy_limit']:.3f}",
        nearer=f"{found['share_nearer']:.1%}",
        median=f"{found['median']:.3f}",
        usual=f"{found['median_of_real']:.3f}",
    )


def _pairs(found: Figures, arrays: Arrays, show: bool) -> Iterator[str]:
    for index, pair in enumerate(found["closest"]):
        pictures = _picture(_at_most(arrays["shown"][index], CELL), f"painted, {pair['found_in']}")
        if show:
            pictures += _picture(_at_most(arrays["training"][index], SMALL), "the nearest training picture")
        source = pair.get("source") or {}
        told = ", ".join(str(source[key]) for key in ("artist", "title", "year") if key in source)
        mirrored = ", mirrored" if pair["mirrored"] else ""
        yield (
            f'<figure><div class="two">{pictures}</div><figcaption><b>{pair["distance"]:.3f}</b>, '
            f"{escape(pair['found_in'])}; nearest: {escape(told)} <code>{escape(pair['file'])}</code>{mirrored}"
            "</figcaption></figure>"
        )


def _variety(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    pair, twins, real = found["nearest_pair"], found["alike_pairs"], ""
    if "real" in found:
        calm = ", where some of it is given up for calm," if found["psi"] < 1 else ""
        real = (
            f", two real pictures by {found['real']['mean_difference']:.1f}: at psi {found['psi']:g}{calm} "
            f"the model has {found['times_real']:.0%} of their variety"
        )
    alike = f"No two of {found['samples']} samples are alike"
    return words.fill(
        "variety",
        alike=alike if twins == 0 else f"{twins} pairs among {found['samples']} samples are nearly alike",
        difference=f"{found['mean_difference']:.1f}",
        real=real,
        pair=_picture(grid(arrays["pair"], 2), "two samples"),
        first=pair["first"],
        second=pair["second"],
        distance=f"{pair['distance']:.2f}",
        limit=f"{ALIKE:g}",
        prints=SAME_PRINT,
    )


WALKS = ("loop", "wander")


def _walks(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    plots = [
        curves(
            f"The {name}: change from each frame to the next",
            [Series(f"mean {found[name]['mean_change']:.2f}", arrays[name], number)],
            "seconds",
            "levels of 255",
            len(arrays[name]) / found[name]["rate"],
        )
        for number, name in enumerate(WALKS)
    ]
    rows = [
        (
            name,
            f"{found[name]['mean_change']:.2f}",
            f"{found[name]['variation']:.0%}",
            f"{found[name]['largest']:.2f}",
            f"{found[name]['times_mean']:.2f} ×",
        )
        for name in WALKS
    ]
    rate = f"{found['loop']['rate']:g}"
    return words.fill("walks", plots="".join(plots), rows=_numbers(rows), rate=rate, psi=f"{found['psi']:g}")


def _rebuilding(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    if found["encoder"] is None:
        return words.fill("no rebuilding")
    names = [name for name in ("real", "painted") if name in found]
    rows = [
        (f"{name} pictures", *(f"{found[name][key]:.1f}" for key in ("mean_levels", "psnr", "psnr_lowest")))
        for name in names
    ]
    training = ""
    if show and "real" in found:
        small = np.stack([_at_most(one, SMALL) for one in (*arrays["real_original"], *arrays["real"])])
        caption = "<figcaption>The same with training pictures.</figcaption>"
        training = f"<figure>{_picture(grid(small, len(arrays['real'])), 'training pictures')}{caption}</figure>"
    both = np.concatenate([arrays["painted_original"], arrays["painted"]])
    pictures = _picture(grid(both, len(arrays["painted"])), "samples, and the same painted again")
    count = found[names[0]]["pictures"]
    return words.fill("rebuilding", rows=_numbers(rows), pictures=pictures, training=training, count=count)


def _truncation(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    strips = arrays["strips"]
    sheet = grid(strips.swapaxes(0, 1).reshape(-1, *strips.shape[2:]), strips.shape[0])
    names = "".join(f"<span>psi {psi:g}</span>" for psi in found["psi"])
    return words.fill("truncation", names=names, pictures=_picture(sheet, "samples at rising psi"))


def _directions(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    if not found["count"]:
        return words.fill("no directions")
    strips = arrays["strips"]
    names = [str(one.get("name", number)) for number, one in enumerate(found["directions"], 1)][: len(strips)]
    return words.fill(
        "directions",
        more=f" The first {len(strips)} of {found['count']} are shown." if found["count"] > len(strips) else "",
        columns="".join(f"<span>{_signed(amount)}</span>" for amount in found["amounts"]),
        names="".join(f"<span>{escape(name)}</span>" for name in names),
        pictures=_picture(grid(strips.reshape(-1, *strips.shape[2:]), strips.shape[1]), "steps along directions"),
    )


def _space(words: Words, found: Figures, arrays: Arrays, show: bool) -> str:
    gain = arrays["gain"][:64]
    title = "What one standard deviation along each principal direction changes"
    rows = [
        ("numbers that name a picture", f"{found['latent_dim']}"),
        ("of them in use, going by their spread", f"{found['effective_dimensions']:.0f}"),
        ("principal directions that change a picture by a level or more", f"{found['seen_dimensions']}"),
        ("weights of the network", f"{found['parameters']:,}"),
        ("favourites of the curator; places blocked", f"{found['favourites']}; {found['blocked']}"),
    ]
    plot = curves(title, [Series("mean change", gain)], "direction, by falling spread", "levels of 255", len(gain))
    return words.fill("space", rows=_numbers(rows), plot=plot)


def _foot(words: Words, about: Figures) -> str:
    rows = [
        ("model", f"{about['file']}, {about['kind']}, {about['megabytes']:.1f} MB"),
        ("sha256", about["sha256"]),
        ("trained", trained(about["training"])),
    ]
    if "pictures" in about:
        pictures = about["pictures"]
        rows.append(("compared with", f"{pictures['count']} pictures from {pictures['source']}: {sameness(about)}"))
    rows.append(("made with", ", ".join(f"{name} {version}" for name, version in about["made_with"].items())))
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(told))}</td></tr>" for name, told in rows)
    return words.fill("foot", command=escape(about["command"]), rows=cells)


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


def _numbers(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of a table: a word, then numbers."""
    cells = (
        f"<td>{escape(row[0])}</td>" + "".join(f'<td class="number">{escape(one)}</td>' for one in row[1:])
        for row in rows
    )
    return "".join(f"<tr>{row}</tr>" for row in cells)


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


def _picture(picture: Picture, words: str) -> str:
    packed = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(packed, "JPEG", quality=86)
    data = base64.b64encode(packed.getvalue()).decode()
    return f'<img alt="{escape(words)}" src="data:image/jpeg;base64,{data}">'
