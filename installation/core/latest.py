"""A mailbox of one item between threads: a new item replaces one that was not taken yet."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Latest(Generic[Item]):
    """``put`` never waits; ``wait`` blocks until there is something, or until ``close``. Any thread may call either."""

    def __init__(self) -> None:
        self._item: Item | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: Item, merge: Callable[[Item, Item], Item] | None = None) -> None:
        """Puts ``item`` in place of one that was not taken yet; ``merge(old, new)`` may combine the two."""
        with self._changed:
            old = self._item
            self._item = merge(old, item) if merge is not None and old is not None else item
            self._changed.notify()

    @property
    def waiting(self) -> Item | None:
        """The item that was not taken yet; None where there is none. It stays there."""
        return self._item

    def take(self) -> Item | None:
        """The item, or None where there is none; never waits."""
        if self._item is None:
            return None
        with self._changed:
            item, self._item = self._item, None
        return item

    def wait(self, timeout: float | None = None) -> Item | None:
        """The next item; None once closed and empty, or after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
        return item

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Waiting threads get the last item, then None."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
