"""What ``--check`` reads beyond the show file: whatever its pieces would open, wholly."""

from collections.abc import Iterator

from installation.core.errors import ModelError, ShowError
from installation.showfile.load import Show
from installation.showfile.messages import Finding, shown, value_at


def verify(show: Show) -> None:
    """Raises ShowError with every piece that would not open, at the line of its model."""
    findings = list(_findings(show))
    if findings:
        raise ShowError(map(show.source.fault, findings))


def _findings(show: Show) -> Iterator[Finding]:
    for index, piece in enumerate(show.pieces):
        try:
            piece.generator.verify()
        except ModelError as error:
            model = ("piece", index, "generator", "model")
            named = value_at(show.source.data, model)
            where, found = (model, shown(named)) if isinstance(named, str) else (model[:3], piece.generator.kind)
            yield Finding(where, found, "a model that opens", str(error))
