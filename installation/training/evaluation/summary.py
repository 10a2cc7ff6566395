"""The summary of the figures, one line each: a question, an answer, the figure behind it."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.evaluation.measures import CLOSE_RATIO, Figures

LIKE, ROUGHLY = 2.0, 4.0
"""Times the distance of two halves of the real pictures: up to here the samples are like them, or roughly so."""
VARIOUS = 0.6
"""Part of the real pictures' variety."""
UNLOCKED, LOCKED = 1.2, 2.0
"""Position-locked ratio up to which nothing is seen, and from which it is plain."""
SHARP = (0.8, 1.2)
"""Power in the finest third of the spectrum, in times that of the real pictures."""
LATTICE = 1.3
"""Strongest narrow peak of a picture (median), in times that of the real ones."""
AGREEING = 0.95
"""Share of the faces whose eyes agree."""
EVEN, JUMP = 0.25, 2.5
"""Largest coefficient of variation, and largest single change in times of the mean, of a walk that looks even."""


@dataclass(frozen=True)
class Line:
    """`mark` is good, look, bad or none: how it stands, as far as a figure can say."""

    question: str
    answer: str
    figure: str
    mark: str = "none"


def summary(figures: Figures) -> list[Line]:
    makers = (
        ("closeness", _like),
        ("features", _like_in_features),
        ("copying", _copies),
        ("surface", _unlocked),
        ("surface", _sharp),
        ("surface", _no_lattice),
        ("faces", _eyes_agree),
        ("faces", _faces_vary),
        ("variety", _various),
        ("walks", _even),
        ("rebuilding", _rebuilds),
    )
    lines = [make(figures[name]) for name, make in makers if name in figures]
    return [line for line in lines if line is not None]


def _like(figures: Figures) -> Line:
    times = figures["whole"]["times_real"]
    good = times <= LIKE
    answer = "yes" if good else "roughly" if times <= ROUGHLY else "not yet"
    figure = f"sliced Wasserstein distance {times:.1f} × that of two halves of the real pictures"
    return Line("Like the real pictures?", answer, figure, "good" if good else "look" if times <= ROUGHLY else "bad")


def _like_in_features(figures: Figures) -> Line:
    question = "Like them in features?"
    if "needs" in figures:
        return Line(question, "not measured", figures["needs"])
    kid = figures["kid"]
    figure = f"KID × 1000 in EfficientNet-Lite2 {kid['whole']:.2f}; two halves of the real pictures {kid['real']:.2f}"
    return Line(question, "measured", figure)


def _unlocked(figures: Figures) -> Line:
    ratio, real = figures["locked"]["shown"]["ratio"], figures["locked"].get("real", {}).get("ratio")
    best = UNLOCKED if real is None else max(UNLOCKED, real)
    answer, mark = ("yes", "good") if ratio <= best else ("nearly", "look") if ratio <= LOCKED else ("no", "bad")
    where = " off the face" if figures["aligned"] else ""
    figure = f"position-locked ratio {ratio:.1f}{where} (1 is none{_beside(real, '.1f')})"
    return Line("Free of fixed patterns?", answer, figure, mark)


def _beside(real: float | None, form: str) -> str:
    return "" if real is None else f"; real pictures {real:{form}}"


def _sharp(figures: Figures) -> Line | None:
    if "power" not in figures:
        return None
    power = figures["power"]["shown"]
    low, high = min(power.values()), max(power.values())
    good = SHARP[0] <= low and high <= SHARP[1]
    answer = "yes" if good else "softer" if low < SHARP[0] else "sharper"
    told = ", ".join(f"{times:.2f}" for times in power.values())
    figure = f"power at {' / '.join(power)} cycles per pixel {told} × that of the real pictures"
    return Line("As sharp as they?", answer, figure, "good" if good else "look" if low >= SHARP[0] / 2 else "bad")


def _no_lattice(figures: Figures) -> Line:
    peak, real = figures["peak"]["shown"]["median"], figures["peak"].get("real", {}).get("median")
    times = None if real is None else peak / max(real, 1e-9)
    mark = "none" if times is None else "good" if times <= LATTICE else "look" if times <= 2 else "bad"
    answer = {"none": "measured", "good": "yes", "look": "nearly", "bad": "no"}[mark]
    figure = f"strongest narrow peak {peak:.1f} × what is around it (median{_beside(real, '.1f')})"
    return Line("Free of lattices?", answer, figure, mark)


def _eyes_agree(figures: Figures) -> Line | None:
    question = "Do the two eyes agree?"
    if "needs" in figures:
        return Line(question, "not measured", figures["needs"])
    share = figures["shown"]["agree"]
    if not figures["enough"] or share is None:
        return None
    real = figures.get("real", {}).get("agree")
    figure = f"in {share:.0%} of {figures['shown']['compared']} faces{_beside(real, '.0%')}"
    mark = "good" if share >= AGREEING else "look" if share >= AGREEING - 0.1 else "bad"
    return Line(question, "yes" if mark == "good" else "mostly" if mark == "look" else "too seldom", figure, mark)


def _faces_vary(figures: Figures) -> Line | None:
    if "needs" in figures or "shown" not in figures.get("shape", {}):
        return None
    part = figures["shape"]["shown"]
    good = part >= VARIOUS
    figure = f"landmarks spread {part:.0%} as far about the mean face as in real pictures"
    return Line("Various faces?", "yes" if good else "rather alike", figure, "good" if good else "look")


def _copies(figures: Figures) -> Line:
    answers = {
        "own": ("no sign of it", "good"),
        "close": ("none, but it keeps close to them", "look"),
        "copies": (f"yes, {figures['copies']} of {figures['shown']}", "bad"),
        "unknown": ("cannot be told", "look"),
    }
    answer, mark = answers[figures["verdict"]]
    figure = (
        f"{figures['copies']} of {figures['shown']} within {figures['copy_limit']:.2f} of a training picture; "
        f"the nearest at {figures['smallest']:.2f}"
    )
    return Line("Copies of training pictures?", answer, figure, mark)


def _various(figures: Figures) -> Line:
    twins, part = figures["alike_pairs"], figures.get("times_real")
    good = twins == 0 and (part is None or part >= VARIOUS)
    answer = f"no two of {figures['samples']} alike" if twins == 0 else f"{twins} pairs nearly alike"
    figure = f"mean difference of two samples {figures['mean_difference']:.0f} levels"
    if part is not None:
        figure += f", {part:.0%} of that of two real pictures"
    return Line("Various?", answer, figure, "good" if good else "look" if twins <= 2 else "bad")


def _even(figures: Figures) -> Line:
    walks = [figures[name] for name in ("loop", "wander")]
    variation, jump = max(walk["variation"] for walk in walks), max(walk["times_mean"] for walk in walks)
    good = variation <= EVEN and jump <= JUMP
    figure = f"change per frame varies by {variation:.0%} (coefficient of variation), at most {jump:.1f} × its mean"
    return Line("Moves evenly?", "yes" if good else "with some unrest", figure, "good" if good else "look")


def _rebuilds(figures: Figures) -> Line | None:
    if figures["encoder"] is None:
        return None
    name = "real" if "real" in figures else "painted"
    one = figures[name]
    figure = f"{one['mean_levels']:.1f} levels of 255 mean error, PSNR {one['psnr']:.1f} dB, on {name} pictures"
    return Line("Paints what it is shown?", "measured", figure)


def copying_in_words(figures: Figures) -> str:
    """The verdict with its reasons, for readers without prior knowledge."""
    return {
        "own": "Nothing that was looked at reproduces a training picture.",
        "close": "No copy was found, but the pictures keep closer to the training pictures than those lie to one "
        f"another: {figures['share_nearer']:.1%} are nearer than all but the closest hundredth of real pictures (up to "
        f"{figures['usual_share']:.0%} is usual among so many), and the median distance is "
        f"{figures['ratio_of_medians']:.2f} of theirs (down to {CLOSE_RATIO:g} is usual). Look at the pairs.",
        "copies": f"{figures['copies']} of {figures['shown']} pictures reproduce a training picture. Do not show this "
        "model before a curator has looked at the pairs and blocked these places, or train it on more pictures.",
        "unknown": "This cannot be told: the measure did not know altered copies of the real pictures from pictures "
        "that merely resemble them.",
    }[figures["verdict"]]
