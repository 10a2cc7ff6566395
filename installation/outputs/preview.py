"""The live preview: small pictures of the wall as JPEG, for viewers in a browser."""

import threading
from typing import Literal

from pydantic import Field

from installation.core.contracts import Output, OutputConfig, Pixels, Surroundings, Viewers, Wanted
from installation.core.decision import Decision
from installation.core.errors import DeviceError
from installation.core.latest import Latest


class Config(OutputConfig):
    kind: Literal["preview"] = "preview"
    rate: float = Field(5.0, gt=0.0, le=30.0, description="pictures a second, while somebody watches")
    quality: int = Field(80, ge=1, le=100, description="of the JPEG")

    def open(self, surroundings: Surroundings) -> "Preview":
        if surroundings.viewers is None:
            raise DeviceError(
                "preview: this show has no page ([web] enabled = false), so there is no page to show it on"
            )
        return Preview(surroundings.viewers, 1.0 / self.rate, self.quality)


class Preview(Output):
    """Encodes in a thread of its own, outside the frame's time; of pictures that wait, the newest counts."""

    def __init__(self, viewers: Viewers, interval: float, quality: int) -> None:
        self.viewers, self.interval, self.quality = viewers, interval, quality
        self._due = 0.0
        self._waiting: Latest[Pixels] = Latest()
        self._thread: threading.Thread | None = None

    def wants(self, now: float) -> Wanted:
        return "small" if self.viewers.watching and now >= self._due else "nothing"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        self._due = decision.time + self.interval
        if pixels is None:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._encode, name="preview", daemon=True)
            self._thread.start()
        self._waiting.put(pixels)

    def close(self) -> None:
        self._waiting.close()

    def _encode(self) -> None:
        import cv2  # imported here: only needed while a viewer is connected

        while (pixels := self._waiting.wait()) is not None:
            good, jpeg = cv2.imencode(".jpg", pixels[:, :, ::-1], (cv2.IMWRITE_JPEG_QUALITY, self.quality))
            if good:
                self.viewers.send_preview(jpeg.tobytes())
