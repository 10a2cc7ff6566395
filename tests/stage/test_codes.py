"""QR codes are made beside the frames: the wall shows the former one until the next is ready."""

import time

import cv2
import numpy as np

from installation.stage.panel import CODES, Codes, qr
from tests.timeout import TIMEOUT

WHITE = (255, 255, 255, 255)


def until_ready(codes: Codes, url: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while codes.ready(url) != url:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_first_code_is_there_at_once_and_the_next_when_it_is_made() -> None:
    codes = Codes()
    assert codes.ready("http://192.0.2.1/?c=A") == "http://192.0.2.1/?c=A"
    assert codes.ready("http://192.0.2.1/?c=B") in ("http://192.0.2.1/?c=A", "http://192.0.2.1/?c=B")
    until_ready(codes, "http://192.0.2.1/?c=B")


def test_few_are_kept_and_each_can_be_read() -> None:
    codes = Codes()
    urls = [f"http://192.0.2.1/?c=AAAAAAA{number}" for number in range(2 * CODES)]
    for url in urls:
        until_ready(codes, url)
    assert codes.ready(urls[-1]) == urls[-1]
    picture = np.array(qr(codes.modules(urls[-1]), 300, WHITE).convert("L"))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == urls[-1]
