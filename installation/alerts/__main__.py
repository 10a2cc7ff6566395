"""``python -m installation.alerts SHOW CACHE``: the alerts process, told of trouble by the supervisor on its stdin."""

import queue
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from installation.alerts import sending
from installation.alerts.channels import Alive, Channel
from installation.alerts.messages import Standing, Unsent
from installation.alerts.notices import Notice, Notices, Trouble
from installation.core.disk_cache import DiskCache
from installation.core.pipe import Message, alive, serve
from installation.core.typed_messages import pack, unpack
from installation.showfile.good import load_as_it_hangs
from installation.showfile.load import Show

TICK = 0.5
"""Seconds between two heartbeats."""

SILENT = 10.0
"""Seconds without a message of the supervisor after which the show does not count as well."""

FLUSH = 3.0
"""Seconds for what still waits when the supervisor leaves."""


class Desk:
    """Takes what the supervisor tells and passes it to the channels."""

    def __init__(self, show: Show) -> None:
        settings = show.alerts
        self.channels = channels(show)
        self.alive = Alive(partial(sending.alive, settings.alive), settings.alive_every) if settings.alive else None
        self.notices = Notices(settings.after, settings.every)
        self.unsent: tuple[str, ...] = ()
        self._heard = time.monotonic()
        self._standing: Standing | None = None

    def start(self) -> None:
        for channel in self.channels:
            channel.start()
        if self.alive:
            self.alive.start()

    def hear(self, standing: Standing) -> None:
        self._standing, self._heard = standing, time.monotonic()

    def step(self) -> bool:
        """Passes on what is due; whether ``unsent`` changed."""
        now, standing = time.monotonic(), self._standing
        if standing is None:
            return False
        for notice in self.notices.take(now, time.time(), troubles(standing)):
            for channel in self.channels:
                channel.put(notice)
        if self.alive:
            self.alive.tell(not standing.reasons and now - self._heard < SILENT)
        before, self.unsent = self.unsent, tuple(self._unsent())
        return self.unsent != before

    def close(self) -> None:
        for channel in self.channels:
            channel.close(FLUSH / len(self.channels))

    def _unsent(self) -> list[str]:
        named = [(one.name, one.trouble) for one in self.channels]
        named += [("alive", self.alive.trouble)] if self.alive else []
        return [f"alerts.{name}: {trouble}; it is tried again" for name, trouble in named if trouble]


def channels(show: Show) -> list[Channel]:
    """One for each way to send that the show names."""
    title, settings = show.title_in(show.languages[0]), show.alerts
    sends: list[tuple[str, Callable[[Notice], None]]] = []
    if settings.webhook:
        sends.append(("webhook", partial(_swapped, sending.webhook, settings.webhook, title)))
    if settings.email:
        sends.append(("email", partial(_swapped, sending.email, settings.email, title)))
    return [Channel(name, send) for name, send in sends]


def _swapped(send: Callable[..., None], settings: object, title: str, notice: Notice) -> None:
    send(settings, notice, title)


def troubles(standing: Standing) -> dict[str, Trouble]:
    """By subject; what is both is a reason."""
    notes = {subject: Trouble(text, "warning") for subject, text in standing.notes.items()}
    return notes | {subject: Trouble(text, "error") for subject, text in standing.reasons.items()}


def main(path: Path, cache: Path) -> None:
    """Runs until the supervisor is gone. The show hangs when this begins, so a fault in its file is of an edit since:
    what it had before counts. Raises ShowError where nobody knows that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the supervisor, which then closes our stdin
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    send = serve(inbox.put, on_gone=lambda: inbox.put(None), grace=FLUSH + 1.0)
    send(alive(20.0))
    desk = Desk(load_as_it_hangs(path, DiskCache(cache)))
    desk.start()
    while True:
        try:
            message = inbox.get(timeout=TICK)
            if message is None:
                return desk.close()
            desk.hear(unpack(message if isinstance(message, dict) else {}, (Standing,)))
        except queue.Empty:
            """No news: time goes on."""
        if desk.step():
            send(pack(Unsent(desk.unsent)))
        send(alive(5.0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stderr.flush()
