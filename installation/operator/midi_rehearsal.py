"""A MIDI device that is not there: a standard MIDI file plays in its place, over and over, and what it is told is kept.

A session recorded with any sequencer rehearses a show without the device, on a machine without MIDI.
"""

import threading
from collections import deque
from pathlib import Path
from typing import Any

from installation.core import parts
from installation.core.errors import DeviceError

NAME = "rehearsal"

KEPT = 256
"""Messages to the device that are kept at most."""

PAUSE = 0.5
"""Seconds between two turns of the file."""


class Rehearsal:
    """Ports of mido's kind. Raises MissingDependency without mido, DeviceError for what is no MIDI file."""

    def __init__(self, path: Path) -> None:
        mido = parts.require("mido", "[midi]", 'install "vernissage[midi]"')
        try:
            self.file = mido.MidiFile(path)
        except (OSError, EOFError, ValueError, IndexError, KeyError) as error:
            raise DeviceError(f"{path}: no standard MIDI file can be read from it ({error})") from error
        self.told: deque[Any] = deque(maxlen=KEPT)
        """What was sent to the device, as messages of mido's."""

    def get_input_names(self) -> list[str]:
        return [NAME]

    def get_output_names(self) -> list[str]:
        return [NAME]

    def open_input(self, name: str, *, callback: Any) -> "Player":
        return Player(self.file, callback)

    def open_output(self, name: str) -> "Ear":
        return Ear(self.told)


class Player:
    """Plays the file from now on, until it is closed."""

    def __init__(self, file: Any, callback: Any) -> None:
        self._file, self._callback, self._closing = file, callback, threading.Event()
        self._thread = threading.Thread(target=self._play, name="midi file", daemon=True)
        self._thread.start()

    def _play(self) -> None:
        while True:
            for message in self._file:
                if self._closing.wait(message.time):
                    return
                if not message.is_meta:
                    self._callback(message)
            if self._closing.wait(PAUSE):
                return

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=2.0)


class Ear:
    """Keeps what it is told."""

    def __init__(self, told: deque[Any]) -> None:
        self._told = told

    def send(self, message: Any) -> None:
        self._told.append(message)

    def close(self) -> None:
        """Nothing to finish."""
