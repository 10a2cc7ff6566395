"""The model card, after Mitchell et al. (arXiv 1810.03993): a model's kind, data, intended use and limits. The text is
in card.txt, the facts are from the model's header and the figures; one section is written by the artist."""

from __future__ import annotations

from pathlib import Path
from string import Template

from installation.core.errors import OptionError
from installation.networks.model_file import BEHIND, NOT_TOLD
from installation.training.evaluation.measures import Figures
from installation.training.evaluation.page import sameness
from installation.training.evaluation.summary import copying_in_words, summary

BEGIN, END = "<!-- the artist's words -->", "<!-- end of the artist's words -->"
EMPTY = (
    "*Say here, in your own words, what this model is to you, what it is meant for, and what you saw in it that no\n"
    "figure tells. What stands between the two marks is kept when the card is written again.*"
)
KINDS = {
    "stylegan2": "generative adversarial network of the StyleGAN2 type (arXiv 1912.04958)",
    "vae": "variational autoencoder (arXiv 1312.6114)",
}


REFINED = " with a refiner behind it, which paints detail on its pictures and doubles their size (arXiv 1611.07004)"
BRUSHED = "; in a show a brush, a small refiner behind all of that, doubles their size"


def own_words(path: Path) -> str:
    """The artist's section of a card. Raises OptionError for a card without its marks, which is not overwritten."""
    if not path.exists():
        return EMPTY
    text = path.read_text("utf-8")
    rest = text.partition(BEGIN)[2]
    words, end, _ = rest.partition(END)
    if not end:
        raise OptionError(
            f"{path}: found a card without the marks {BEGIN} and {END}, expected the artist's words between them. "
            "It is not overwritten: put the marks back, or move the file away."
        )
    return words.strip() or EMPTY


def write(figures: Figures, words: str) -> str:
    about, space, training = figures["about"], figures["space"], figures["about"]["training"]
    template = Template((Path(__file__).parent / "card.txt").read_text("utf-8"))
    return template.substitute(
        title=about["title"],
        begin=BEGIN,
        words=words,
        end=END,
        kind=KINDS.get(about["kind"], about["kind"]) + (REFINED if "refiner" in about else ""),
        brushed=BRUSHED if "brush" in about else "",
        size=figures["sheet"]["size"],
        file=about["file"],
        megabytes=f"{about['megabytes']:.1f}",
        sha256=about["sha256"],
        parameters=f"{space['parameters']:,}",
        latent_dim=space["latent_dim"],
        version=about["made_with"]["vernissage"],
        count=f"{training['pictures']:,} pictures" if training.get("pictures") else "Pictures",
        source=training.get("source") or "a folder",
        crop=f", cropped by `{training['crop']}`" if training.get("crop") else "",
        ledger=_ledger(about["ledger_sha256"]),
        training=_training(training) + _behind(about),
        compared=_compared(about),
        lines="\n".join(f"| {line.question} | {line.answer} | {line.figure} |" for line in summary(figures)),
        command=about["command"],
        copies=_copies(figures),
        caveats=_caveats(figures),
        weights=about["licence"].get("weights", NOT_TOLD),
        data=about["licence"].get("data", NOT_TOLD),
    )


def _ledger(digest: str | None) -> str:
    if digest is None:
        return "No ledger was given, so their sources are not told."
    return (
        f"They are listed, with their sources, in the ledger whose rows of these pictures have the sha256 `{digest}`."
    )


def _training(training: Figures) -> str:
    lines = []
    if training.get("images"):
        lines.append(f"- pictures seen: {training['images']:,}")
    if training.get("active_minutes"):
        lines.append(f"- time: {_time(training['active_minutes'])}")
    if training.get("teacher"):
        lines.append(f"- teacher: {training['teacher']} of this model (arXiv 2107.10833); it has seen photographs")
    if isinstance(training.get("recipe"), dict):
        recipe = (f"{name} {_short(value)}" for name, value in training["recipe"].items())
        lines.append(f"- recipe: {', '.join(recipe)}")
    if training.get("command"):
        lines.append(f"- command: `{training['command']}`")
    return "\n".join(lines) or "Not told."


def _behind(about: Figures) -> str:
    trained = (name for name in BEHIND if name in about)
    return "".join(f"\n\nThe {name}:\n\n{_training(about[name])}" for name in trained)


def _time(minutes: float) -> str:
    return f"{minutes / 60:.1f} hours" if minutes >= 60 else f"{minutes:.0f} minutes"


def _short(value: object) -> str:
    """A value of the recipe, in a word or two."""
    if isinstance(value, dict):
        return "/".join(f"{name}:{_short(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_short(one) for one in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _compared(about: Figures) -> str:
    if "pictures" not in about:
        return "None: the model was looked at on its own."
    pictures = about["pictures"]
    return (
        f"{pictures['count']:,} pictures from `{pictures['source']}` at {pictures['size']} px: {sameness(about)}. The "
        "figures say how the model stands to these; no pictures were held back that it has not seen."
    )


def _copies(figures: Figures) -> str:
    copying = figures.get("copying")
    return copying_in_words(copying) if copying else "Whether it reproduces training pictures was not examined."


def _caveats(figures: Figures) -> str:
    variety = figures["variety"]
    psi = f"psi {variety['psi']:g}"
    more = "towards 1 it varies more and fails more often" if variety["psi"] < 1 else "below, it is calmer"
    lines = [f"- Show it near {psi}; {more}."]
    if "times_real" in variety:
        lines.append(f"- At {psi} it has {variety['times_real']:.0%} of the variety of the pictures compared with.")
    if figures["about"]["quick"]:
        lines.append("- These figures are from a quick look. Run it again without `--quick` before publishing them.")
    if "copying" not in figures:
        lines.append("- Give the training pictures to `evaluate` before the model is shown.")
    return "\n".join(lines)
