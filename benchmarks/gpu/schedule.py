"""Which sizes are learnt, and for how long, in the time that there is."""

from collections.abc import Mapping

from installation.training.loop.schedule import Phase, continued, spans

Plan = Mapping[int, float]
"""{px: thousand pictures}, the smallest size first: what is wanted; its proportions are kept."""
FROM_NOTHING: Plan = {64: 100, 128: 350, 256: 200}
FROM_A_MODEL: Plan = {128: 150, 256: 350}
REHEARSAL: Plan = {8: 0.1, 16: 0.1}
FEWEST = 0.15
"""A largest size of which less than this share of its pictures would be seen is left out."""


def affordable(plan: Plan, speeds: Mapping[int, float], seconds: float) -> tuple[Phase, ...]:
    """The plan as far as it can be done in so many seconds; ``speeds`` are in pictures a second at each size."""
    sizes = list(plan)
    while True:
        share = max(0.0, seconds) / sum(1000 * plan[size] / speeds[size] for size in sizes)
        if len(sizes) == 1 or share >= FEWEST:
            return tuple(Phase(size, max(0.001, round(share * plan[size], 3))) for size in sizes)
        sizes.pop()


def present(past: tuple[Phase, ...], images: int) -> tuple[int, float]:
    """The size that a run has come to after so many pictures, and how many thousand of it are seen."""
    every = list(spans(past))
    stage, start, _ = next((span for span in every if images < span[2]), every[-1])
    return stage.resolution, (images - start) / 1000


def going_on(
    past: tuple[Phase, ...], images: int, plan: Plan, speeds: Mapping[int, float], seconds: float
) -> tuple[Phase, ...]:
    """The schedule of a run that has seen so many pictures: what can be done from here on is added."""
    size, seen = present(past, images)
    ahead = {px: max(0.001, kimg - (seen if px == size else 0)) for px, kimg in plan.items() if px >= size}
    first, *rest = affordable(ahead, speeds, seconds)
    return continued(past, images, (Phase(size, seen + first.kimg), *rest))
