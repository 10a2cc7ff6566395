"""What the figures come to, in a line each: a question, an answer, the figure behind it."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.evaluation.measures import CLOSE_RATIO, Figures

LIKE, ROUGHLY = 2.0, 4.0
"""Times the distance of two halves of the real pictures: up to here the samples are like them, or roughly so."""
VARIOUS = 0.6
"""Part of the real pictures' variety."""
EVEN, JUMP = 0.25, 2.5
"""Largest coefficient of variation, and largest single change in times of the mean, of a walk that looks even."""


@dataclass(frozen=True)
class Line:
    """`mark` is good, look, bad or none: how it stands, as far as a figure can say."""

    question: str
    answer: str
    figure: str
    mark: str = "none"


def at_a_glance(figures: Figures) -> list[Line]:
    makers = (
        ("closeness", _like),
        ("copying", _copies),
        ("variety", _various),
        ("walks", _even),
        ("rebuilding", _rebuilds),
    )
    lines = [make(figures[name]) for name, make in makers if name in figures]
    return [line for line in lines if line is not None]


def _like(found: Figures) -> Line:
    times = found["whole"]["times_real"]
    good = times <= LIKE
    answer = "yes" if good else "roughly" if times <= ROUGHLY else "not yet"
    figure = f"sliced Wasserstein distance {times:.1f} × that of two halves of the real pictures"
    return Line("Like the real pictures?", answer, figure, "good" if good else "look" if times <= ROUGHLY else "bad")


def _copies(found: Figures) -> Line:
    answers = {
        "own": ("no sign of it", "good"),
        "close": ("none, but it keeps close to them", "look"),
        "copies": (f"yes, {found['copies']} of {found['shown']}", "bad"),
        "unknown": ("cannot be told", "look"),
    }
    answer, mark = answers[found["verdict"]]
    figure = (
        f"{found['copies']} of {found['shown']} within {found['copy_limit']:.2f} of a training picture; "
        f"the nearest at {found['smallest']:.2f}"
    )
    return Line("Copies of training pictures?", answer, figure, mark)


def _various(found: Figures) -> Line:
    twins, part = found["alike_pairs"], found.get("times_real")
    good = twins == 0 and (part is None or part >= VARIOUS)
    answer = f"no two of {found['samples']} alike" if twins == 0 else f"{twins} pairs nearly alike"
    figure = f"mean difference of two samples {found['mean_difference']:.0f} levels"
    if part is not None:
        figure += f", {part:.0%} of that of two real pictures"
    return Line("Various?", answer, figure, "good" if good else "look" if twins <= 2 else "bad")


def _even(found: Figures) -> Line:
    walks = [found[name] for name in ("loop", "wander")]
    variation, jump = max(walk["variation"] for walk in walks), max(walk["times_mean"] for walk in walks)
    good = variation <= EVEN and jump <= JUMP
    figure = f"change per frame varies by {variation:.0%} (coefficient of variation), at most {jump:.1f} × its mean"
    return Line("Moves evenly?", "yes" if good else "with some unrest", figure, "good" if good else "look")


def _rebuilds(found: Figures) -> Line | None:
    if found["encoder"] is None:
        return None
    name = "real" if "real" in found else "painted"
    one = found[name]
    figure = f"{one['mean_levels']:.1f} levels of 255 mean error, PSNR {one['psnr']:.1f} dB, on {name} pictures"
    return Line("Paints what it is shown?", "measured", figure)


def copying_in_words(found: Figures) -> str:
    """The verdict with its reasons, for people who have never heard of any of this."""
    return {
        "own": "Nothing that was looked at reproduces a training picture.",
        "close": "No copy was found, but the pictures keep closer to the training pictures than those lie to one "
        f"another: {found['share_nearer']:.1%} are nearer than all but the closest hundredth of real pictures (up to "
        f"{found['usual_share']:.0%} is usual among so many), and the median distance is "
        f"{found['ratio_of_medians']:.2f} of theirs (down to {CLOSE_RATIO:g} is usual). Look at the pairs.",
        "copies": f"{found['copies']} of {found['shown']} pictures reproduce a training picture. Do not show this "
        "model before a curator has looked at the pairs and blocked these places, or train it on more pictures.",
        "unknown": "This cannot be told: the measure did not know altered copies of the real pictures from pictures "
        "that merely resemble them.",
    }[found["verdict"]]
