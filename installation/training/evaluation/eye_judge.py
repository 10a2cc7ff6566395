"""Checks whether the eyes agree in the pictures that a model paints at given latents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.core.counts import counted
from installation.core.errors import OptionError
from installation.training.evaluation import eyes
from installation.training.evaluation.faces import find_faces
from installation.training.evaluation.landmark_network import LandmarkNetwork, find, where
from installation.training.latent.curation import Curation, CurationError, NamedLatent
from installation.training.latent.models import Floats, OpenModel, shown_psi


@dataclass(frozen=True)
class Judgement:
    """`verdict` is one of eyes.VERDICTS; `reason` names the largest difference, in spreads among real portraits."""

    verdict: str
    reason: str

    def __str__(self) -> str:
        if self.verdict not in eyes.COMPARED:
            return self.verdict
        return f"eyes {self.verdict}" if self.passes else f"eyes {self.verdict}: {self.reason}"

    @property
    def passes(self) -> bool:
        """Whether the picture may be shown; true if no eyes can be compared."""
        return self.verdict not in ("doubtful", "disagree")


class EyeJudge:
    """Checks the eyes at latents (n, latent_dim) of one model."""

    def __init__(self, network: LandmarkNetwork, model: OpenModel) -> None:
        self.network, self.model = network, model

    def judge(self, latents: Floats, psi: float, label: int = 0) -> list[Judgement]:
        judged = eyes.compare(find_faces(self.network, self.model.pictures(latents, psi, label)))
        return [Judgement(verdict, judged.reason(at)) for at, verdict in enumerate(judged.verdicts)]


def open_judge(model: OpenModel, given: Path | None) -> EyeJudge | None:
    """The judge, None without a landmark network; `given` is a file named by the user. Raises OptionError for it."""
    path = find(given)
    return None if path is None else EyeJudge(LandmarkNetwork(path), model)


def check_favourites(model: OpenModel, curation: Curation, given: Path | None) -> None:
    """Prints the result for each favourite, as shown. Raises OptionError without a landmark network, and CurationError
    with the number of favourites that do not pass."""
    judge = open_judge(model, given)
    if judge is None:
        raise OptionError(f"--check-eyes {where()}.")
    failed = [one for one in curation.favourites if not _passes(judge, one, shown_psi(model))]
    if failed:
        raise CurationError(
            f"{len(failed)} of {len(curation.favourites)} favourites do not pass the judge of eyes: "
            f"{', '.join(one.name for one in failed)}. Look at them; on the page, x forgets a favourite."
        )
    print(f"{counted(len(curation.favourites), 'favourite')}: the judge of eyes objects to none.")


def _passes(judge: EyeJudge, one: NamedLatent, psi: float) -> bool:
    judgement = judge.judge(one.latent[None], psi)[0]
    seed = "" if one.seed is None else f" (seed {one.seed})"
    print(f"{'passes' if judgement.passes else 'fails '}  {one.name}{seed}: {judgement}")
    return judgement.passes
