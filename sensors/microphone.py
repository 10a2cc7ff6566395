"""How loud the room is, low, middle and high, onsets, tempo, pitch and voices, from a microphone or a WAV file.

Nothing is recorded. It runs in a process of its own: its drivers block and crash like a camera's, and after a sound
server's end only a new process can use the library again.
"""

import queue
import sys
import threading
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import DeviceError, did_you_mean
from installation.core.parts import require
from installation.core.paths import ShowPath
from installation.core.signals import Signal
from sensors._hearing import SILENT, Block, Ear, Heard

DEAF, WAKING = 1.0, 3.0
"""Seconds without a block after which the microphone is taken for gone: a sound server that ended gives no error; and
the same for its first block."""

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

    file: ShowPath | None = Field(
        default=None, description="a WAV file that is heard instead, again and again, for rehearsing"
    )
    calibration: float = Field(
        default=0.0, ge=0.0, le=140.0, description="added to the loudness (dB): what a sound level meter reads more"
    )

    def signals(self) -> tuple[Signal, ...]:
        return (
            Signal("level", "how loud it is, for this room"),
            Signal("low", "footsteps, bass"),
            Signal("mid", "voices"),
            Signal("high", "keys, applause"),
            Signal("onset", "a sound begins", pulse=True, told="a sound began"),
            Signal(
                "loudness",
                "dB, A-weighted, below full scale; with a calibration, of sound pressure",
                SILENT + (self.calibration or 0.0),
                self.calibration or 0.0,
                SILENT + (self.calibration or 0.0),
            ),
            Signal("pitch", "Hz of a sound that has one, else 0", 0.0, 1000.0),
            Signal("tempo", "beats a minute of what begins again and again, else 0", 0.0, 200.0),
            Signal("voice", "how much it sounds like a voice", told="someone speaks"),
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

    def open(self) -> "Microphone | Recording":
        return Microphone(self) if self.file is None else Recording(self.file, self.calibration)


# ---------------------------------------------------------------- the device


class Microphone(Sensor):
    def __init__(self, config: Config) -> None:
        self.calibration = config.calibration
        again = "sounddevice" in sys.modules
        self.sound = require("sounddevice", "the microphone", INSTALL)
        try:
            if again:  # the only way to find new devices and a restarted sound server
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
                timeout = WAKING
                while not stop.is_set():
                    _say(ear.hear(blocks.get(timeout=timeout)), emit, self.calibration)
                    timeout = DEAF
        except queue.Empty:
            raise DeviceError(f"found no sound for {timeout:g} s; is the microphone still plugged in?") from None
        except self.sound.PortAudioError as error:
            raise _gone(error) from error


class Recording(Sensor):
    """A WAV file, at its own rate, again and again."""

    def __init__(self, path: Path, calibration: float) -> None:
        self.calibration = calibration
        self.rate, self.samples = read_wav(path)

    def run(self, emit: Emit, stop: threading.Event) -> None:
        ear, due = Ear(self.rate), time.monotonic()
        for block in self._blocks(ear.size):
            due = max(due + ear.seconds, time.monotonic() - 1.0)
            if stop.wait(max(0.0, due - time.monotonic())):
                return
            _say(ear.hear(block), emit, self.calibration)

    def _blocks(self, size: int) -> Iterator[Block]:
        """Blocks without end; the last of a run is completed from the beginning."""
        at, samples = 0, self.samples
        while True:
            yield np.take(samples, range(at, at + size), mode="wrap")
            at = (at + size) % len(samples)


def read_wav(path: Path) -> tuple[float, Block]:
    """The rate (Hz) and the first channel of a WAV file of 8, 16, 24 or 32 bits PCM, -1..1. Raises DeviceError."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), float(file.getframerate())
            raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    except (wave.Error, EOFError, OSError) as error:
        raise DeviceError(
            f"{path}: found no sound that can be read in it ({error}), expected a WAV file, PCM"
        ) from error
    if not len(raw) or width not in (1, 2, 3, 4) or rate < 4000.0:
        raise DeviceError(f"{path}: found {len(raw)} bytes at {rate:g} Hz, expected sound of 4000 Hz at least")
    first = raw[: len(raw) // (width * channels) * width * channels].reshape(-1, channels, width)[:, 0]
    if width == 1:
        return rate, (first[:, 0].astype(np.float32) - 128.0) / 128.0
    padded = np.zeros((len(first), 4), np.uint8)
    padded[:, 4 - width :] = first
    return rate, (padded.view("<i4")[:, 0] / 2.0**31).astype(np.float32)


def _say(heard: Heard, emit: Emit, calibration: float) -> None:
    for signal, value in heard.levels.items():
        emit(signal, value + calibration if signal == "loudness" else value)
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
