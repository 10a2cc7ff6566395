"""The visitors' page on a slow phone network: when its words can be read, what it weighs and how often it asks.

``python -m benchmarks.phone_page``. The web process is the real one; Chromium delays and throttles (400 kbit/s, 2 s of
latency: slow 3G as its developer tools define it). Needs Chromium and the packages of the tests.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.web_driver import PIECES, Driver

LATENCY = 2000.0
"""Milliseconds."""
RATE = 400_000 / 8
"""Bytes a second, each way."""
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, help="page loads (3)")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox", "--disable-gpu"])
        with Driver(Path(folder) / "state", pieces=_pieces(Path(folder))) as web:
            web.open_round()
            told = [_visit(browser, f"http://127.0.0.1:{web.port}/") for _ in range(options.times)]
        browser.close()
    for visit in told:
        print(json.dumps(visit))


def _pieces(folder: Path) -> list[dict[str, Any]]:
    """Pieces with posters as heavy as photographs are."""
    poster = folder / "poster.png"
    Image.effect_noise((1024, 1024), 40).convert("RGB").save(poster)
    return [{**piece, "poster": str(poster)} for piece in PIECES]


def _visit(browser: Any, url: str) -> dict[str, Any]:
    """One load with an empty cache: seconds to the first paint and to the ballot, bytes of the page itself."""
    context = browser.new_context(extra_http_headers={"Via": "1.1 wifi"}, viewport={"width": 390, "height": 844})
    context.set_default_timeout(60_000)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": LATENCY, "downloadThroughput": RATE, "uploadThroughput": RATE}
    network.send("Network.emulateNetworkConditions", slow)
    page.goto(url, wait_until="commit")
    while (painted := page.evaluate(PAINTED)) is None:  # the page's policy lets nothing of ours wait within it
        page.wait_for_timeout(50)
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    before = page.evaluate(
        "when => performance.getEntriesByType('resource').filter(one => one.responseEnd < when).length", painted
    )
    context.close()
    return {
        "first_paint_s": round(painted / 1000, 2),
        "bytes_sent": loaded["encodedBodySize"],
        "bytes": loaded["decodedBodySize"],
        "files_before_paint": before,
    }


if __name__ == "__main__":
    main()
