"""A film of the wall, written while the show runs."""

import logging
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np
from pydantic import Field

from installation.core.contracts import Output, OutputConfig, Pixels, Surroundings, Wanted
from installation.core.decision import Decision
from installation.core.errors import DeviceError
from installation.outputs._writer_thread import WriterThread

log = logging.getLogger(__name__)

CODECS = ("libx264", "h264", "libopenh264", "mpeg4")
"""Encoders in order of preference; every build of FFmpeg has the last."""

WAITING = 8
"""Frames that wait for the encoder at most; more are left out, so that the show never waits."""

FOLLOW_UP = 30.0
"""Seconds that ``close`` gives the encoder to finish."""


class Config(OutputConfig):
    kind: Literal["record"] = "record"
    path: Path = Field(description="the film to write (.mp4)")

    def open(self, surroundings: Surroundings) -> "Recorder":
        return Recorder(self.path, surroundings.size, 1.0 / surroundings.interval)


class Recorder(Output):
    """Encodes frames to a film of ``fps`` frames a second, in a thread of its own, in constant memory.

    The film has a frame for every interval since the first one. Where the show had none, or the encoder no time for it,
    the frame before is there again: the film plays as fast as the show did. ``left_out`` counts frames that were shown
    and are not in the film, ``repeated`` those that are in it once more. It is written in fragments: what was recorded
    before a power cut can be played. Raises DeviceError where ``path`` cannot be written. A disk that fills later ends
    the recording, not the show; ``fault`` then says why.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self.path = path
        self.late = self.repeated = self._shown = 0
        self._rate = Fraction(fps).limit_denominator(1001)
        self._size = (size[0] // 2 * 2, size[1] // 2 * 2)
        self._began: float | None = None
        self._next = 0
        self._before: av.VideoFrame | None = None
        try:
            path.open("ab").close()
            options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
            self._film = av.open(str(path), "w", format="mp4", options=options)
        except (OSError, av.error.FFmpegError) as error:
            raise DeviceError(_unwritable(path, error)) from error
        self._stream = self._add_stream()
        errors = (OSError, ValueError, av.error.FFmpegError)
        self.writer = WriterThread[tuple[Pixels, float]](
            path, WAITING, lambda item: self._write(*item), self._end, errors
        )

    @property
    def fault(self) -> Exception | None:
        return self.writer.fault

    @property
    def left_out(self) -> int:
        return self.late + self.writer.left_out

    def _add_stream(self) -> av.VideoStream:
        name = next(name for name in CODECS if name in av.codecs_available and _encodes(name))
        stream = self._film.add_stream(name, rate=self._rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = 1 / self._rate
        stream.codec_context.gop_size = max(1, round(self._rate)) * 2
        stream.codec_context.max_b_frames = 0  # they delay the first frame, which fragments cannot tell the player
        if name == "mpeg4":
            stream.codec_context.bit_rate = 12_000_000
        else:
            stream.options = {"preset": "veryfast", "crf": "18"}
        return stream

    def wants(self, now: float) -> Wanted:
        return "nothing" if self.fault else "screen"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        if pixels is not None:
            self.add(pixels, decision.time)

    def add(self, pixels: Pixels, t: float) -> None:
        """Takes a frame, (h, w, 3) uint8, shown at ``t`` seconds. Never waits: an encoder that lags misses it."""
        if self.fault is None:
            self._shown += 1
            self.writer.put((pixels, t))

    def close(self) -> None:
        """Ends the film. May be called twice."""
        if self.writer.close(FOLLOW_UP) and self.left_out:
            log.warning(
                "%s: %d of %d frames were left out, as encoding took too long; the ones before stand in their places",
                self.path,
                self.left_out,
                self._shown,
            )

    def _end(self) -> None:
        self._film.mux(self._stream.encode(None))
        self._film.close()

    def _write(self, pixels: Pixels, t: float) -> None:
        """Puts a frame in its place of the film, and the one before in all places that are empty until then."""
        self._began = t if self._began is None else self._began
        number = round((t - self._began) * self._rate)
        if number < self._next:
            self.late += 1
            return
        while self._before is not None and self._next < number:
            self._put(self._before)
            self.repeated += 1
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        self._before = frame.reformat(*self._size, format="yuv420p")
        self._put(self._before)

    def _put(self, frame: av.VideoFrame) -> None:
        frame.pts, frame.time_base = self._next, 1 / self._rate
        self._film.mux(self._stream.encode(frame))
        self._next += 1


def _encodes(name: str) -> bool:
    try:
        return bool(av.codec.Codec(name, "w").is_encoder)
    except (ValueError, av.error.FFmpegError):
        return False


def _unwritable(path: Path, error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error)
    hint = "" if path.parent.is_dir() else f"; make the folder {path.parent} first"
    return f"{path}: cannot be written ({why}){hint}"
