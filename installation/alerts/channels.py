"""A thread for each way to send: what waits is bounded, and what was not taken is tried again, after growing waits."""

import threading
from collections import deque
from collections.abc import Callable

from installation.alerts.notices import Notice
from installation.core.backoff import Backoff
from installation.core.errors import AlertError

QUEUE = 32
"""Notices that wait, at most; the oldest is dropped."""


FIRST, LONGEST = 5.0, 600.0
"""Seconds until the first new try, doubling to the longest."""


class Channel:
    """``send`` sends one notice and may wait; it raises AlertError. ``trouble`` says why the last one was not sent."""

    def __init__(self, name: str, send: Callable[[Notice], None], backoff: Backoff | None = None) -> None:
        self.name, self.send = name, send
        self._backoff = backoff or Backoff(FIRST, LONGEST)
        self.trouble = ""
        self._waiting: deque[Notice] = deque(maxlen=QUEUE)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, notice: Notice) -> None:
        """Never waits."""
        with self._changed:
            self._waiting.append(notice)
            self._changed.notify()

    def close(self, timeout: float) -> None:
        """Sends what waits, for at most ``timeout`` seconds; nothing is tried again."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while (notice := self._next()) is not None:
            try:
                self.send(notice)
                self.trouble = ""
                self._backoff.reset()
                self._sent(notice)
            except AlertError as error:
                self.trouble = str(error)
                with self._changed:
                    if self._changed.wait_for(lambda: self._closing, self._backoff.next()):
                        return

    def _next(self) -> Notice | None:
        """The oldest that waits, which stays until it is sent; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return self._waiting[0] if self._waiting else None

    def _sent(self, notice: Notice) -> None:
        with self._changed:
            if self._waiting and self._waiting[0] is notice:
                self._waiting.popleft()


class Alive:
    """Calls ``ask`` every ``every`` seconds while ``well``; after a failure again after ``soon`` seconds at most."""

    def __init__(self, ask: Callable[[], None], every: float, soon: float = 60.0) -> None:
        self.ask, self.every, self.soon = ask, every, min(soon, every)
        self.trouble = ""
        self._well = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alive", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tell(self, well: bool) -> None:
        """Never waits."""
        if well:
            self._well.set()
        else:
            self._well.clear()

    def close(self) -> None:
        self._closing.set()
        self._well.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._well.wait()
            if not self._closing.is_set():
                self._closing.wait(self.every if self._asked() else self.soon)

    def _asked(self) -> bool:
        try:
            self.ask()
            self.trouble = ""
        except AlertError as error:
            self.trouble = str(error)
        return not self.trouble
