"""What the microphone hears in made sounds, which input is meant, and what is said when there is none."""

import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.faults.sound import SoundServer, missing
from installation.core.errors import DeviceError, MissingDependency
from installation.process.sensors import run_sensors
from sensors import microphone
from sensors._hearing import SILENT, Ear, Heard, a_weights
from sensors.microphone import Config, choose, read_wav
from tests.timeout import TIMEOUT, until

RATE = 44100.0

Sound = np.ndarray


def hush(seconds: float, seed: int = 0, loud: float = 0.003) -> Sound:
    """A quiet room: noise at -50 dB."""
    return np.random.default_rng(seed).normal(0.0, loud, int(seconds * RATE))


def tone(hertz: float, seconds: float, loud: float = 0.1) -> Sound:
    fade = np.minimum(1.0, np.arange(int(seconds * RATE)) / (0.02 * RATE))
    return loud * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE) * fade * fade[::-1]


def hear(sound: Sound, ear: Ear | None = None) -> list[Heard]:
    """Every block of a sound; the last that is not whole is dropped."""
    ear = ear or Ear(RATE)
    blocks = sound.astype(np.float32)[: len(sound) // ear.size * ear.size].reshape(-1, ear.size)
    return [ear.hear(block) for block in blocks]


def onsets(heard: list[Heard], ear: Ear) -> list[float]:
    """Seconds of the beginnings of the blocks with an onset."""
    return [number * ear.seconds for number, block in enumerate(heard) if block.onset]


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(("rate", "size"), [(8000, 128), (16000, 256), (44100, 1024), (48000, 1024), (192000, 4096)])
def test_blocks_are_about_as_long_at_every_rate(rate: float, size: int) -> None:
    ear = Ear(rate)
    assert ear.size in (size, 2 * size)
    for heard in hear(hush(0.2), ear):
        assert heard.levels.keys() == {"level", "low", "mid", "high", "loudness", "pitch", "voice", "tempo"}


@pytest.mark.parametrize(
    ("hertz", "band"), [(80.0, "low"), (150.0, "low"), (440.0, "mid"), (1500.0, "mid"), (5000.0, "high")]
)
def test_a_tone_is_heard_in_its_band(hertz: float, band: str) -> None:
    ear = Ear(RATE)
    hear(hush(30.0), ear)
    heard = hear(tone(hertz, 3.0) + hush(3.0, seed=1), ear)[10:-10]
    assert min(block.levels[band] for block in heard) > 0.8
    assert min(block.levels["level"] for block in heard) > 0.5
    for other in {"low", "mid", "high"} - {band}:
        assert max(block.levels[other] for block in heard) < 0.2


@pytest.mark.parametrize("loud", [0.0, 0.0005, 0.003, 0.02])
def test_a_steady_room_is_quiet_however_loud(loud: float) -> None:
    heard = hear(hush(20.0, loud=loud))
    late = heard[len(heard) // 2 :]
    assert np.mean([block.levels["level"] for block in late]) < 0.1
    assert not any(block.onset for block in heard[5:])


def test_louder_is_more_and_stays_in_range() -> None:
    ear = Ear(RATE)
    hear(hush(5.0), ear)
    means = []
    for loud in (0.02, 0.08, 0.3, 1.0):
        heard = hear(tone(440.0, 0.5, loud) + hush(0.5), ear)[5:15]
        means.append(np.mean([block.levels["level"] for block in heard]))
        assert all(0.0 <= block.levels[name] <= 1.0 for block in heard for name in ("level", "low", "mid", "high"))
    assert means == sorted(means)
    assert means[0] < 0.5 < means[-1]


def test_the_gain_learns_a_loud_party_and_a_quiet_morning() -> None:
    ear = Ear(RATE)
    party = hush(1.0, loud=0.1)
    early = hear(np.concatenate((hush(5.0), party)), ear)[-20:]
    late = hear(np.tile(party, 120), ear)[-20:]
    assert np.mean([block.levels["level"] for block in early]) > 0.9
    assert np.mean([block.levels["level"] for block in late]) < 0.3
    hear(hush(3.0), ear)
    again = hear(np.concatenate((tone(440.0, 1.0, 0.3), hush(1.0))), ear)
    assert max(block.levels["level"] for block in again[:40]) > 0.7


@pytest.mark.parametrize("offset", [0.0, 0.004, 0.011, 0.019])
def test_every_click_of_120_a_minute_is_one_onset(offset: float) -> None:
    ear = Ear(RATE)
    sound = hush(12.0)
    times = [1.0 + offset + 0.5 * number for number in range(20)]
    for number, second in enumerate(times):
        at = int(second * RATE)
        sound[at : at + 200] += np.random.default_rng(number).normal(0.0, 0.3, 200)
    heard = onsets(hear(sound, ear), ear)
    assert len(heard) == 20
    assert np.abs(np.subtract(heard, times)).max() < 2 * ear.seconds


def test_notes_begin_once_each() -> None:
    ear = Ear(RATE)
    note = sum(tone(220.0 * n, 0.6, 0.2 / n) for n in range(1, 9))
    sound = np.concatenate([hush(3.0), *[np.concatenate((note, np.zeros(int(0.4 * RATE)))) for _ in range(6)]])
    assert len(onsets(hear(sound + hush(len(sound) / RATE, seed=4)[: len(sound)], ear), ear)) == 6


def test_a_block_costs_little() -> None:
    ear, block = Ear(RATE), hush(1.0)[:1024].astype(np.float32)
    costs = []
    for _ in range(300):
        before = time.thread_time()  # of the processor: what others take of it is not the ear's
        ear.hear(block)
        costs.append(time.thread_time() - before)
    assert np.median(costs) < 1.5e-3, "it takes 0.2 ms; this leaves room for a busy machine"


@pytest.mark.parametrize(("hertz", "decibels"), [(100.0, -19.1), (1000.0, 0.0), (2500.0, 1.3), (10000.0, -2.5)])
def test_loudness_is_weighted_as_the_standard_has_it(hertz: float, decibels: float) -> None:
    assert 20.0 * np.log10(a_weights(np.array([hertz]))[0]) == pytest.approx(decibels, abs=0.1)
    heard = hear(tone(hertz, 1.0, 0.1))[20:-5]
    full = 20.0 * np.log10(0.1) - 3.01 + decibels
    assert np.median([block.levels["loudness"] for block in heard]) == pytest.approx(full, abs=0.3)


def test_silence_has_the_lowest_loudness_and_nothing_else() -> None:
    last = hear(np.zeros(int(RATE)))[-1].levels
    assert last == dict.fromkeys(last, 0.0) | {"loudness": SILENT}


@pytest.mark.parametrize("hertz", [82.4, 110.0, 220.0, 440.0, 880.0])
@pytest.mark.parametrize("overtones", [1, 6])
def test_a_pitch_is_told_in_hertz_without_its_overtones(hertz: float, overtones: int) -> None:
    note = sum(tone(hertz * n, 2.0, 0.2 / n) for n in range(1, overtones + 1))
    heard = hear(np.concatenate((hush(3.0), note + hush(2.0, seed=1))))[-80:-10]
    pitches = [block.levels["pitch"] for block in heard]
    assert np.median(pitches) == pytest.approx(hertz, rel=0.01)
    assert np.mean(np.abs(np.array(pitches) / hertz - 1.0) < 0.03) > 0.95


@pytest.mark.parametrize("hertz", [1200.0, 2500.0, 6000.0, 11000.0])
def test_a_whistle_above_the_range_has_none_below(hertz: float) -> None:
    assert {block.levels["pitch"] for block in hear(np.concatenate((hush(3.0), tone(hertz, 2.0))))[-60:]} == {0.0}


def test_noise_has_no_pitch() -> None:
    heard = hear(np.concatenate((hush(5.0), hush(3.0, seed=2, loud=0.1))))[-120:]
    assert np.mean([block.levels["pitch"] > 0.0 for block in heard]) < 0.05


@pytest.mark.parametrize("beats", [75.0, 96.0, 120.0, 150.0])
def test_a_tempo_is_told_in_beats_a_minute(beats: float) -> None:
    sound = hush(14.0)
    for number in range(int(13.0 * beats / 60.0)):
        at = int((0.5 + number * 60.0 / beats) * RATE)
        sound[at : at + 400] += np.random.default_rng(number).normal(0.0, 0.2, 400)
    assert hear(sound)[-1].levels["tempo"] == pytest.approx(beats, rel=0.02)
    assert hear(hush(12.0))[-1].levels["tempo"] == 0.0


def test_a_voice_is_told_from_a_hum_and_from_clicks() -> None:
    """A voice glides and has syllables; a hum stands; clicks have no pitch."""
    times = np.arange(int(4.0 * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(140.0 + 25.0 * np.sin(2 * np.pi * 1.3 * times)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 2.2 * times), 0.0, 1.0)
    speech = sum(0.2 / n * np.sin(n * phase) for n in range(1, 12)) * syllables
    hum = sum(tone(140.0 * n, 4.0, 0.2 / n) for n in range(1, 12))
    heard = {
        name: np.mean([b.levels["voice"] for b in hear(np.concatenate((hush(4.0), sound + hush(4.0, 3))))[-100:-10]])
        for name, sound in (("speech", speech), ("hum", hum), ("clicks", hush(4.0, 8, 0.1) * (times % 0.5 < 0.02)))
    }
    assert heard["speech"] > 0.3
    assert heard["hum"] < 0.05
    assert heard["clicks"] < 0.05


# ---------------------------------------------------------------- a file


def recorded(path: Path, sound: Sound, width: int = 2, channels: int = 1, rate: int = 16000) -> Path:
    whole = np.round(np.clip(sound, -1.0, 1.0) * (2.0 ** (8 * width - 1) - 1.0)).astype("<i4")
    raw = (whole + 128).astype(np.uint8)[:, None] if width == 1 else whole[:, None].view(np.uint8)[:, :width]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.repeat(raw[:, None], channels, axis=1).tobytes())
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width_of_a_wav_is_read(width: int, tmp_path: Path) -> None:
    sound = 0.5 * np.sin(np.arange(1600) / 7.0)
    rate, samples = read_wav(recorded(tmp_path / "a.wav", sound, width, 2))
    assert rate == 16000.0
    assert samples == pytest.approx(sound, abs=2.0 / 2 ** min(16, 8 * width - 1))


def test_a_wav_is_heard_through_the_same_ear_and_repeats(tmp_path: Path) -> None:
    sound = np.sin(2 * np.pi * 440.0 * np.arange(8000) / 16000.0) * 0.3
    config = Config(file=recorded(tmp_path / "a.wav", sound), calibration=94.0)
    said: dict[str, list[float]] = {}
    stop, begun = threading.Event(), time.monotonic()

    def emit(signal: str, value: float) -> None:
        said.setdefault(signal, []).append(value)
        if len(said.get("mid", ())) == 60:
            stop.set()

    config.open().run(emit, stop)
    assert time.monotonic() - begun > 0.8, "60 blocks of 16 ms, in their time"
    assert np.median(said["pitch"]) == pytest.approx(440.0, rel=0.01)
    loudness = next(signal for signal in config.signals() if signal.name == "loudness")
    assert all(loudness.low <= value <= loudness.high for value in said["loudness"])
    assert np.median(said["loudness"]) == pytest.approx(94.0 - 13.5 - 4.0, abs=1.0), (
        "of 440 Hz, the weighting takes 4 dB"
    )


def test_what_is_no_wav_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("no sound")
    with pytest.raises(DeviceError, match=r"a\.wav: found no sound that can be read in it"):
        Config(file=path).open()


# ---------------------------------------------------------------- inputs

DEVICES = [
    {"name": "HDMI", "max_input_channels": 0, "default_samplerate": RATE},
    {"name": "USB Audio CODEC", "max_input_channels": 2, "default_samplerate": RATE},
    {"name": "Built-in Microphone", "max_input_channels": 1, "default_samplerate": RATE},
]


@pytest.mark.parametrize(
    ("wanted", "default", "chosen"),
    [(None, 2, 2), (None, -1, 1), (None, 0, 1), (1, 2, 1), ("usb", 2, 1), ("BUILT", -1, 2)],
)
def test_an_input_is_chosen_by_number_or_part_of_its_name(wanted: int | str | None, default: int, chosen: int) -> None:
    assert choose(DEVICES, wanted, default) == chosen


def test_an_input_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(DeviceError, match='found no sound input 0, expected one of 1 "USB Audio CODEC", 2 "Built-in'):
        choose(DEVICES, 0, 2)
    with pytest.raises(DeviceError, match='did you mean "USB Audio CODEC"'):
        choose(DEVICES, "USB Avdio CODEC", 2)
    with pytest.raises(DeviceError, match=r"found no sound input, expected a microphone; plug one in.*scripted"):
        choose(DEVICES[:1], None, -1)


class PortAudio(SimpleNamespace):
    """A sound library whose input says what a test puts into ``sound``, block by block, and then nothing."""

    class PortAudioError(Exception):
        pass

    def __init__(self, sound: Sound, fault: str = "") -> None:
        super().__init__(default=SimpleNamespace(device=[1, 0]))
        self.sound, self.fault, self.begun = sound, fault, 0

    def _terminate(self) -> None:
        self.begun -= 1

    def _initialize(self) -> None:
        self.begun += 2

    def query_devices(self) -> list[dict[str, Any]]:
        return DEVICES

    def InputStream(self, blocksize: int, callback: Any, device: int, **options: Any) -> "PortAudio":  # noqa: N802
        if self.fault:
            raise self.PortAudioError(self.fault)
        assert (device, options["channels"], options["samplerate"]) == (1, 1, RATE)
        for at in range(0, len(self.sound) - blocksize, blocksize):
            callback(self.sound[at : at + blocksize, None].astype(np.float32), blocksize, None, None)
        return self

    def __enter__(self) -> "PortAudio":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_it_says_signals_until_it_hears_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone, "DEAF", 0.05)
    library = PortAudio(np.concatenate((hush(0.25), hush(0.2, loud=0.3))))
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    said: list[str] = []
    with pytest.raises(DeviceError, match=r"found no sound for 0\.05 s; is the microphone still plugged in"):
        Config().open().run(lambda signal, value: said.append(signal), threading.Event())
    assert library.begun == 1, "a second opening begins anew, to see what was plugged in since"
    assert said[:4] == ["level", "low", "mid", "high"]
    assert "onset" in said
    assert said.count("level") == 16, "what nobody fetched in time is dropped"


def test_a_stop_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", PortAudio(hush(1.0)))
    stop = threading.Event()
    Config().open().run(lambda signal, value: stop.set(), stop)


def test_a_driver_that_refuses_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", PortAudio(hush(1.0), "Device unavailable"))
    with pytest.raises(DeviceError, match=r"found no sound input that opens \(Device unavailable\); plug it in"):
        Config().open().run(print, threading.Event())


def test_without_portaudio_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("installation.core.parts.import_module", missing)
    with pytest.raises(MissingDependency, match=r"PortAudio library not found.*sudo apt install libportaudio2"):
        Config().open()


# ---------------------------------------------------------------- a real sound server, without a sound card


class Server(SoundServer):
    def play(self, sound: Sound) -> None:
        raw = (sound * 32767).astype("<i2").tobytes()
        options = ("--raw", f"--rate={RATE:.0f}", "--channels=1", "--format=s16le")
        subprocess.run(["pacat", *options], input=raw, check=True, timeout=TIMEOUT)


@pytest.fixture
def server() -> Iterator[Server]:
    if missing():
        pytest.skip(missing())
    with Server() as server:
        yield server


@pytest.mark.slow
def test_a_real_input_is_heard_and_a_dead_sound_server_comes_back(server: Server) -> None:
    said: list[tuple[str, float]] = []
    sensors = run_sensors([Config(name="hall")], lambda signal, value: said.append((signal, value)))
    try:
        until(lambda: said)
        server.play(np.concatenate((np.zeros(int(2 * RATE)), tone(440.0, 1.5, 0.3))))
        assert max(value for signal, value in said if signal == "hall.mid") > 0.8
        assert max(value for signal, value in said if signal == "hall.low") < 0.3
        assert ("hall.onset", 1.0) in said
        server.kill()
        until(sensors.trouble)
        trouble = sensors.trouble()["hall"]
        assert "found no sound" in trouble or "said nothing for too long" in trouble, "a stream may not even close"
        said.clear()
        server.start()
        until(lambda: said)
        until(lambda: not sensors.trouble())
    finally:
        sensors.stop()
