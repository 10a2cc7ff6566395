"""The newest of many numbers, in memory that is taken once."""

from array import array

import numpy as np
from numpy.typing import NDArray


class Newest:
    """At most ``most`` numbers: what is appended to more takes the place of the oldest. It takes its memory at once, so
    that a program that runs for months does not seem to grow in its first minutes. One thread appends, any reads."""

    def __init__(self, most: int) -> None:
        self._kept, self._count = array("d", bytes(8 * most)), 0

    def append(self, value: float) -> None:
        self._kept[self._count % len(self._kept)] = value
        self._count += 1

    def values(self) -> NDArray[np.float64]:
        """A copy, in no order."""
        return np.array(self._kept)[: self._count]
