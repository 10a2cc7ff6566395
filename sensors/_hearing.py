"""Analyses a block of sound: loudness, low, middle and high bands, onsets, tempo, pitch and voice. Pure.

Loudness is A-weighted as IEC 61672-1 gives it; pitch is found by the normalised square difference of McLeod and Wyvill
("A smarter way to find pitch", 2005), tempo in the autocorrelation of the onset strength, with its prior of Ellis
("Beat tracking by dynamic programming", 2007).
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]
"""(samples,), -1..1."""

BANDS = {"low": (30.0, 250.0), "mid": (250.0, 2000.0), "high": (2000.0, 12000.0)}
"""Hz. Footsteps and bass are low, voices mostly mid, keys and applause high."""
BLOCK_SECONDS = 0.023
"""About how long a block is; the spectrum is taken of the last two."""

QUIET = -70.0
"""dB of full scale: what is fainter is silence."""
MARGIN, RANGE = 6.0, 24.0
"""dB over the usual quiet that still count as 0, and dB from there to 1 at least: this keeps near silence from being
amplified to the full range."""
TO_EXTREME, TO_USUAL = 0.5, 40.0
"""Time constants (s) of the automatic gain: to a new quietest or loudest, and back when the room has changed."""

STEPS = np.geomspace(30.0, 12000.0, 41)
"""Hz. The spectrum for onsets, in about five steps an octave, so that a note counts as much as a clap."""
FLUX_TIMES, FLUX_LEAST = 3.0, 0.12
"""An onset is a rise of that spectrum of so many times its mean of the last second, and at least so much."""
ONSET_PAUSE = 0.1
"""Seconds between two onsets at least."""

SILENT = -100.0
"""dB (A) of full scale: the lowest loudness that is sent."""
PITCHES = (60.0, 1000.0)
"""Hz between which a pitch is looked for."""
CLEAR = 0.85
"""How alike one period and the next must be (0..1) for a pitch."""
VOICES = (75.0, 450.0)
"""Hz of speaking and singing voices."""
SYLLABLES = 2.0
"""dB that a voice goes up and down by (standard deviation over a second): a hum does not."""
TEMPI, MEMORY, TEMPO_EVERY = (50.0, 200.0), 8.0, 0.5
"""Beats a minute that are looked for, in the last so many seconds, so often (s)."""
REGULAR = 0.25
"""How alike the onsets and those a beat later must be (0..1) for a tempo."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One block: ``levels`` by signal, and whether a sound begins in it. Level, low, mid, high and voice are 0..1,
    loudness is in dB (A) of full scale, pitch in Hz and tempo in beats a minute, 0 where there is none."""

    levels: dict[str, float]
    onset: bool


class Ear:
    """Blocks of ``size`` samples at ``rate`` (Hz) in, their analysis out. Keeps the last block and its loudness."""

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
        hertz = np.asarray(np.fft.rfftfreq(2 * self.size, 1.0 / rate), np.float64)
        self._weights = a_weights(hertz).astype(np.float32)
        self._pitch = Pitch(rate, 2 * self.size)
        self._voice = Voice(self.seconds)
        self._tempo = Tempo(self.seconds)

    def hear(self, block: Block) -> Heard:
        """The next block, (size,)."""
        self._age += self.seconds
        recent = np.concatenate((self._last, block))
        amplitudes = np.abs(np.fft.rfft(recent * self._window))
        self._last = block
        powers = [
            float(block @ block) / block.size,
            *(float(a @ a) / 3.0 for a in map(amplitudes.__getitem__, self._bands)),
        ]
        values = self._gain(10.0 * np.log10(np.maximum(powers, 10.0 ** (QUIET / 10.0))))
        levels = dict(zip(("level", *BANDS), values.tolist(), strict=True))
        weighted = amplitudes * self._weights
        levels["loudness"] = max(SILENT, 10.0 * math.log10(float(weighted @ weighted) / 3.0 + 1e-20))
        onset = self._begins(amplitudes)
        audible = levels["level"] > 0.05
        levels["pitch"] = self._pitch.of(recent) if audible else 0.0
        levels["voice"] = self._voice.step(levels["pitch"], levels["mid"], levels["loudness"])
        levels["tempo"] = self._tempo.step(self._strength)
        return Heard(levels, onset)

    def _gain(self, loudness: NDArray[np.float64]) -> NDArray[np.float64]:
        """0..1 of each loudness (dB) between the quietest and the loudest that this room has lately been."""
        fast = -math.expm1(-self.seconds / TO_EXTREME)
        slow = -math.expm1(-self.seconds / min(max(1.0, self._age), TO_USUAL))  # the range adapts faster at first
        self._floor += (loudness - self._floor) * np.where(loudness < self._floor, fast, slow)
        self._ceiling += (loudness - self._ceiling) * np.where(loudness > self._ceiling, fast, slow)
        quiet = self._floor + MARGIN
        return np.clip((loudness - quiet) / np.maximum(self._ceiling - quiet, RANGE), 0.0, 1.0)

    def _begins(self, amplitudes: NDArray[np.float32]) -> bool:
        powers = np.add.reduceat(amplitudes * amplitudes, self._steps)[:-1] / np.diff(self._steps)
        spectrum = np.log1p(1000.0 * np.sqrt(powers))
        flux = float(np.maximum(spectrum - self._spectra[0], 0.0).mean())  # [0], two blocks ago, shares no sample
        self._spectra.append(spectrum)
        self._strength = flux
        self._since_onset += self.seconds
        begins = flux > max(FLUX_LEAST, FLUX_TIMES * self._flux) and self._since_onset > ONSET_PAUSE
        self._flux += (flux - self._flux) * min(1.0, self.seconds)
        if begins:
            self._since_onset = 0.0
        return begins


def a_weights(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factor of each frequency's amplitude; 1 at 1000 Hz."""

    def response(f: NDArray[np.float64]) -> NDArray[np.float64]:
        squares = f * f
        low = (squares + 20.598997**2) * np.sqrt((squares + 107.65265**2) * (squares + 737.86223**2))
        return np.asarray(12194.217**2 * squares * squares / (low * (squares + 12194.217**2)))

    return np.asarray(response(hertz) / response(np.array([1000.0])))


class Pitch:
    """Finds the pitch of ``length`` samples at ``rate`` (Hz)."""

    def __init__(self, rate: float, length: int) -> None:
        self.rate, self.length = rate, length
        self._longest = min(length // 2 + length // 4, int(rate / PITCHES[0]) + 2)

    def of(self, samples: Block) -> float:
        """Hz, or 0 where the sound has no pitch, or a higher one: of that a multiple of the period would be found."""
        alike = self._alike(samples - samples.mean())
        peaks = _peaks(alike, 2)
        if not len(peaks):
            return 0.0
        best = float(alike[peaks].max())
        if best < CLEAR:
            return 0.0
        first = int(peaks[np.argmax(alike[peaks] >= 0.93 * best)])
        hertz = self.rate / (first + _summit(alike, first))
        return 0.0 if hertz > 1.01 * PITCHES[1] else min(PITCHES[1], hertz)

    def _alike(self, samples: Block) -> NDArray[np.float64]:
        """How alike the samples and those so many later are, -1..1."""
        spectrum = np.fft.rfft(samples, 2 * self.length)
        products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: self._longest]
        squares = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
        ends = self.length - np.arange(self._longest)
        energy = squares[ends] + squares[-1] - squares[np.arange(self._longest)]
        return np.asarray(2.0 * products / np.maximum(energy, 1e-12))


def _peaks(values: NDArray[np.float64], first: int) -> NDArray[np.intp]:
    """Where values are higher than their neighbours, from the place ``first`` on and after they were negative."""
    negative = np.flatnonzero(values < 0.0)
    if not len(negative):
        return np.array([], np.intp)
    start = max(first, int(negative[0]))
    middle = values[start:-1]
    return np.flatnonzero((middle > values[start - 1 : -2]) & (middle >= values[start + 1 :])) + start


def _summit(values: NDArray[np.float64], at: int) -> float:
    """Where between its neighbours the parabola through a peak is highest, -0.5..0.5."""
    left, middle, right = values[at - 1 : at + 2]
    bend = left - 2.0 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend else 0.0


class Voice:
    """How much like a voice it sounds: pitched as voices are, and going up and down as syllables do."""

    def __init__(self, seconds: float) -> None:
        self._loud: deque[float] = deque(maxlen=max(4, round(1.0 / seconds)))
        self._share = min(1.0, seconds / 0.25)
        self._level = 0.0

    def step(self, pitch: float, mid: float, loudness: float) -> float:
        """0..1 after a block with that pitch (Hz, 0 is none), level of the middle band and loudness (dB)."""
        self._loud.append(loudness)
        speaks = VOICES[0] <= pitch <= VOICES[1] and float(np.std(self._loud)) > SYLLABLES
        self._level += ((mid if speaks else 0.0) - self._level) * self._share
        return self._level


@dataclass(slots=True)
class Tempo:
    """The tempo of regular onsets in beats a minute; 0 where there is none."""

    seconds: float
    _strengths: deque[float] = field(init=False)
    _due: float = TEMPO_EVERY
    _found: float = 0.0

    def __post_init__(self) -> None:
        self._strengths = deque(maxlen=round(MEMORY / self.seconds))

    def step(self, strength: float) -> float:
        """The tempo after a block whose sounds begin that strongly."""
        self._strengths.append(strength)
        self._due -= self.seconds
        if self._due <= 0.0 and len(self._strengths) == self._strengths.maxlen:
            self._due, self._found = TEMPO_EVERY, self._find()
        return self._found

    def _find(self) -> float:
        strengths = np.array(self._strengths)
        strengths -= strengths.mean()
        spectrum = np.fft.rfft(strengths, 2 * len(strengths))
        alike = np.fft.irfft(np.abs(spectrum) ** 2)[: len(strengths)]
        alike /= (1.0 - np.arange(len(alike)) / len(alike)) * alike[0] + 1e-12
        lags = np.arange(math.ceil(60.0 / TEMPI[1] / self.seconds), int(60.0 / TEMPI[0] / self.seconds))
        usual = np.exp(-0.5 * (np.log2(60.0 / (lags * self.seconds) / 120.0) / 0.9) ** 2)
        best = int(lags[np.argmax(alike[lags] * usual)])
        if alike[best] < REGULAR:
            return 0.0
        return 60.0 / ((best + _summit(alike, best)) * self.seconds)
