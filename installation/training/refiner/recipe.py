"""The hyperparameters of training a refiner."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.loop.recipes import known_values


@dataclass(frozen=True)
class Recipe:
    """Counts are in pictures, not in steps; sides are in px of the soft picture."""

    kimg: float = 200
    """Thousands of pictures of the whole training."""
    batch: int = 4
    window: int = 96
    """Side of the windows of pictures that are learnt from; a multiple of 8."""
    learning_rate: float = 0.0002
    """Of the refiner."""
    judge_rate: float = 0.5
    """The learning rate of the discriminator of patches, in times the refiner's: it sees the finest detail much louder
    than it is (see judge.py), and faster it runs away."""
    fine: float = 1.56
    """A picture is judged at twice the soft one's size where it has at least so many px of real detail for each px of
    the soft picture: 200 for 128. Others are judged at the soft one's size."""
    blur: float = 1.0
    """Of a VAE: half of its pictures are blurred by a Gaussian with a deviation of up to so many px."""
    sharpest: float = 0.15
    softest: float = 0.8
    """Of any other network: deviation in px, from and to, of the Gaussian that makes a picture as soft as its own."""
    threads: float = 2.0
    """The same: threads across, threads down and noise of up to so many levels of 255 are added to such a picture."""
    texture: float = 1.0
    """The same: the network's own texture is drawn over such a picture, in times its measured strength; 0: none."""
    clean: float = 0.0
    """The same: deviation in px of the Gaussian that every soft picture is softened by, in the training and in a show.
    It takes away what a network draws by itself in its finest detail; the refiner paints that anew."""
    prior: float = 0.25
    """Share of what is painted on that is a sample of the model and made of no picture, as a show paints them. It has
    nothing to be compared with: its light and colour must stay as they are, and the discriminator judges it."""
    conditional: bool = False
    """Whether the discriminator is given the soft picture beside what it judges, and no samples of the model.

    A soft picture leaves much open (a hat, a contour by a few pixels). A conditional discriminator demands as much
    deviation from it as real pictures show, and where the refiner lacks the information, that is speckle."""
    colour: float = 0.15
    """How far brightness, contrast and saturation of a pair are changed together, at most."""
    low_pass: float = 10.0
    """Weight of the difference of the pictures averaged over LOW px (see losses.py)."""
    finer: float = 0.0
    """The same over FINER px, of a picture that was worn: so the texture that was drawn over it is taken away. What a
    VAE makes of a picture does not tell as much."""
    lesson: float = 10.0
    """Weight of the difference at each pixel from what a teacher has painted on this very sample."""
    even: float = 300.0
    """Weight of what is the same in all that is painted, at every few pixels (see losses.py)."""
    features: float = 0.2
    """Weight of the difference in the features of a pretrained network; 0: none."""
    looked_at: int = 64
    """Side of the part of a window whose features are compared: they cost as much as the rest."""
    adversarial: float = 0.3
    """Weight of the discriminator of patches."""
    projected: float = 0.5
    """Weight of a second discriminator, on the features of a pretrained network (see projection.py); 0: none."""
    rise: float = 4000
    """Pictures over which the weight of the adversarial losses rises from 0."""
    r1: float = 0.003
    """Weight of the penalty on the discriminator's gradient (arXiv 1801.04406), at every ``r1_every`` steps. It counts
    by the patch: a patch of 32 px differs by little, so that a weight of 1 lets no discriminator learn."""
    r1_every: int = 16
    average: float = 10_000
    """Half-life of the refiner's moving average; never more than a tenth of what was seen."""
    seed: int = 0

    @classmethod
    def read(cls, text: str) -> Recipe:
        """From the JSON in a checkpoint; what an older one does not have is the default."""
        return cls(**known_values(cls, text))
