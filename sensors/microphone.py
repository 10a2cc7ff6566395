"""How loud the room is, low, middle and high, and each onset of a sound, from a microphone. Nothing is recorded.

It runs in a process of its own: its drivers block and crash like a camera's, and after the death of a sound server the
library has to be opened anew for a whole process.
"""

import math
import queue
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import DeviceError, did_you_mean
from installation.core.parts import require
from installation.core.signals import Signal

Block = NDArray[np.float32]
"""(samples,), -1..1."""

BANDS = {"low": (30.0, 250.0), "mid": (250.0, 2000.0), "high": (2000.0, 12000.0)}
"""Hz. Footsteps and bass are low, voices mostly mid, keys and applause high."""
BLOCK_SECONDS = 0.023
"""About how long a block is; the spectrum is taken of the last two."""

QUIET = -70.0
"""dB of full scale: what is fainter is silence."""
MARGIN, RANGE = 6.0, 24.0
"""dB over the usual quiet that still count as 0, and dB from there to 1 at least: a hush is not blown up to a crowd."""
TO_EXTREME, TO_USUAL = 0.5, 40.0
"""Time constants (s) of the automatic gain: to a new quietest or loudest, and back when the room has changed."""

STEPS = np.geomspace(30.0, 12000.0, 41)
"""Hz. The spectrum for onsets, in about five steps an octave, so that a note counts as much as a clap."""
FLUX_TIMES, FLUX_LEAST = 3.0, 0.12
"""An onset is a rise of that spectrum of so many times its mean of the last second, and at least so much."""
ONSET_PAUSE = 0.1
"""Seconds between two onsets at least."""

DEAF, WAKING = 1.0, 3.0
"""Seconds without a block after which the microphone is taken for gone: a dead sound server says nothing at all; and
those that it has for its first block."""

INSTALL = (
    "install PortAudio (Debian, Ubuntu: sudo apt install libportaudio2; Fedora: sudo dnf install portaudio; "
    "macOS and Windows bring it) and: pip install sounddevice"
)


class Config(SensorConfig):
    apart: ClassVar[bool] = True
    kind: Literal["microphone"] = "microphone"
    name: str = "microphone"
    device: int | str | None = Field(
        default=None, description="number or part of the name of a sound input; without it, the system's own choice"
    )

    def signals(self) -> tuple[Signal, ...]:
        return (
            Signal("level", "how loud it is, for this room"),
            Signal("low", "footsteps, bass"),
            Signal("mid", "voices"),
            Signal("high", "keys, applause"),
            Signal("onset", "a sound begins", pulse=True),
        )

    @classmethod
    def devices(cls) -> tuple[str, ...]:
        sound = require("sounddevice", "the list of sound inputs", INSTALL)
        try:
            return tuple(
                f'{number}: "{device["name"]}", {device["max_input_channels"]} channels '
                f"at {device['default_samplerate']:g} Hz"
                for number, device in enumerate(sound.query_devices())
                if device["max_input_channels"] > 0
            )
        except sound.PortAudioError as error:
            raise _gone(error) from error

    def open(self) -> "Microphone":
        return Microphone(self)


# ---------------------------------------------------------------- what is heard: numbers in, numbers out


@dataclass(frozen=True, slots=True)
class Heard:
    """One block: ``levels`` 0..1 of level, low, mid and high, and whether a sound begins in it."""

    levels: dict[str, float]
    onset: bool


class Ear:
    """Blocks of ``size`` samples at ``rate`` (Hz) in, what is heard out. Knows the last block and how loud it was."""

    def __init__(self, rate: float) -> None:
        self.size = 2 ** round(math.log2(rate * BLOCK_SECONDS))
        self.seconds = self.size / rate
        window = np.hanning(2 * self.size)
        self._window = (window * 2.0 / window.sum()).astype(np.float32)
        edges = [[round(hertz * 2 * self.size / rate) for hertz in band] for band in BANDS.values()]
        self._bands = [slice(max(1, low), max(2, high)) for low, high in edges]
        self._steps = np.unique(np.clip(np.round(STEPS * 2 * self.size / rate), 1, self.size).astype(np.intp))
        self._last = np.zeros(self.size, np.float32)
        self._spectra = deque([np.zeros(len(self._steps) - 1)] * 2, maxlen=2)
        self._age = 0.0
        self._floor = np.full(1 + len(BANDS), QUIET)
        self._ceiling = np.full(1 + len(BANDS), QUIET + MARGIN + RANGE)
        self._flux = 0.3  # at first all is new: it takes a second to learn what is not
        self._since_onset = math.inf

    def hear(self, block: Block) -> Heard:
        """The next block, (size,)."""
        self._age += self.seconds
        amplitudes = np.abs(np.fft.rfft(np.concatenate((self._last, block)) * self._window))
        self._last = block
        powers = [
            float(block @ block) / block.size,
            *(float(a @ a) / 3.0 for a in map(amplitudes.__getitem__, self._bands)),
        ]
        values = self._gain(10.0 * np.log10(np.maximum(powers, 10.0 ** (QUIET / 10.0))))
        levels = dict(zip(("level", *BANDS), values.tolist(), strict=True))
        return Heard(levels, self._begins(amplitudes))

    def _gain(self, loudness: NDArray[np.float64]) -> NDArray[np.float64]:
        """0..1 of each loudness (dB) between the quietest and the loudest that this room has lately been."""
        fast = -math.expm1(-self.seconds / TO_EXTREME)
        slow = -math.expm1(-self.seconds / min(max(1.0, self._age), TO_USUAL))  # a new ear learns the room soon
        self._floor += (loudness - self._floor) * np.where(loudness < self._floor, fast, slow)
        self._ceiling += (loudness - self._ceiling) * np.where(loudness > self._ceiling, fast, slow)
        quiet = self._floor + MARGIN
        return np.clip((loudness - quiet) / np.maximum(self._ceiling - quiet, RANGE), 0.0, 1.0)

    def _begins(self, amplitudes: NDArray[np.float32]) -> bool:
        powers = np.add.reduceat(amplitudes * amplitudes, self._steps)[:-1] / np.diff(self._steps)
        spectrum = np.log1p(1000.0 * np.sqrt(powers))
        flux = float(np.maximum(spectrum - self._spectra[0], 0.0).mean())  # [0], two blocks ago, shares no sample
        self._spectra.append(spectrum)
        self._since_onset += self.seconds
        begins = flux > max(FLUX_LEAST, FLUX_TIMES * self._flux) and self._since_onset > ONSET_PAUSE
        self._flux += (flux - self._flux) * min(1.0, self.seconds)
        if begins:
            self._since_onset = 0.0
        return begins


# ---------------------------------------------------------------- the device


class Microphone(Sensor):
    def __init__(self, config: Config) -> None:
        again = "sounddevice" in sys.modules
        self.sound = require("sounddevice", "the microphone", INSTALL)
        try:
            if again:  # the only way to hear of devices that came since, and of a sound server's second life
                self.sound._terminate()
                self.sound._initialize()
            self.devices: Sequence[Mapping[str, Any]] = self.sound.query_devices()
            self.device = choose(self.devices, config.device, int(self.sound.default.device[0]))
        except self.sound.PortAudioError as error:
            raise _gone(error) from error

    def run(self, emit: Emit, stop: threading.Event) -> None:
        rate = float(self.devices[self.device]["default_samplerate"])
        ear, blocks = Ear(rate), queue.Queue[Block](maxsize=16)

        def keep(data: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
            if not blocks.full():
                blocks.put_nowait(data[:, 0].copy())

        try:
            with self.sound.InputStream(
                device=self.device, channels=1, samplerate=rate, blocksize=ear.size, dtype="float32", callback=keep
            ):
                patience = WAKING
                while not stop.is_set():
                    _say(ear.hear(blocks.get(timeout=patience)), emit)
                    patience = DEAF
        except queue.Empty:
            raise DeviceError(f"found no sound for {patience:g} s; is the microphone still plugged in?") from None
        except self.sound.PortAudioError as error:
            raise _gone(error) from error


def _say(heard: Heard, emit: Emit) -> None:
    for signal, value in heard.levels.items():
        emit(signal, value)
    if heard.onset:
        emit("onset", 1.0)


def _gone(error: Exception) -> DeviceError:
    return DeviceError(f"found no sound input that opens ({error}); plug it in, or close what else uses it")


def choose(devices: Sequence[Mapping[str, Any]], wanted: int | str | None, default: int) -> int:
    """The number of the sound input that is meant, of PortAudio's list. Raises DeviceError when there is none such."""
    inputs = {number: str(device["name"]) for number, device in enumerate(devices) if device["max_input_channels"] > 0}
    if not inputs:
        raise DeviceError(
            "found no sound input, expected a microphone; plug one in, allow access to it in the system's settings, "
            'or rehearse with kind = "scripted"'
        )
    if wanted is None:
        return default if default in inputs else min(inputs)
    if isinstance(wanted, str):
        matches = [number for number, name in inputs.items() if wanted.lower() in name.lower()]
    else:
        matches = [wanted] if wanted in inputs else []
    if matches:
        return matches[0]
    known = ", ".join(f'{number} "{name}"' for number, name in inputs.items())
    hint = did_you_mean(str(wanted), inputs.values())
    raise DeviceError(f"found no sound input {wanted!r}, expected one of {known}" + (f"; {hint}" if hint else ""))
