"""Sends a test message by every way that a show names, and tells how that went."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from installation.alerts import sending
from installation.alerts.notices import Notice
from installation.core.errors import AlertError
from installation.showfile.load import Show


def trial(show: Show) -> Iterator[tuple[bool, str]]:
    """Whether each way works, and a line that says so; nothing where the show names none. Waits for each answer."""
    notice = Notice("test", "warning", "test", "this is a test; the show is not in trouble", time.time())
    for name, send in _ways(show, notice):
        try:
            send()
            yield True, f"alerts.{name}: sent"
        except AlertError as error:
            yield False, f"alerts.{name}: {error}"


def _ways(show: Show, notice: Notice) -> Iterator[tuple[str, Callable[[], None]]]:
    title, settings = show.title_in(show.languages[0]), show.alerts
    if settings.webhook:
        yield "webhook", partial(sending.webhook, settings.webhook, notice, title)
    if settings.email:
        yield "email", partial(sending.email, settings.email, notice, title)
    if settings.alive:
        yield "alive", partial(sending.alive, settings.alive)
