"""The alerts process itself, as the supervisor has it: a show is killed again and again, and a server of ours hears."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from installation.core.disk_cache import DiskCache
from installation.core.parts import ROOT
from installation.process.alerts import AlertsProcess
from installation.showfile.good import keep_good
from installation.showfile.load import load
from installation.supervised import has_alerts
from tests.alerts.test_sending import SHOW
from tests.stand_ins import Web, serving
from tests.timeout import TIMEOUT, until


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with serving(server):
        yield server


def show_file(folder: Path, web: Web) -> Path:
    show = folder / "show.toml"
    show.write_text(SHOW.format(alerts=f'webhook = "{web.url}/hook"\nalive = "{web.url}/ping"\nafter = "1 s"'))
    return show


def test_only_a_show_with_the_table_has_the_process(tmp_path: Path, web: Web) -> None:
    assert has_alerts(show_file(tmp_path, web), tmp_path)
    assert not has_alerts(ROOT / "shows" / "rehearsal.toml", tmp_path)
    assert not has_alerts(tmp_path / "missing.toml", tmp_path)


@pytest.mark.parametrize("spoiled", ["[show\n", '[show]\ntitle = 3\n[alerts]\nwebhook = "nowhere"\n', None])
def test_while_an_edit_has_faults_trouble_is_told_as_the_show_says_that_hangs(
    tmp_path: Path, web: Web, spoiled: str | None
) -> None:
    show = show_file(tmp_path, web)
    keep_good(load(show), DiskCache(tmp_path / "cache"))
    if spoiled is None:
        show.unlink()
    else:
        show.write_text(spoiled)
    assert has_alerts(show, tmp_path)
    alerts = AlertsProcess(show, tmp_path)
    try:
        until(lambda: alerts.tell({"the show": "it stood still"}, {}) or web.posted, "trouble")
        assert web.posted[0]["what"] == "it stood still"
    finally:
        alerts.stop()


def test_trouble_and_its_end_are_told_and_pings_stop_meanwhile(tmp_path: Path, web: Web) -> None:
    alerts = AlertsProcess(show_file(tmp_path, web), tmp_path)
    try:
        until(lambda: alerts.tell({}, {}) or web.asked, "a ping")
        dark = {"the show": "the show stood still for 3 s"}
        until(lambda: alerts.tell(dark, {}, picture=False) or web.posted, "trouble")
        until(lambda: alerts.tell({}, {}) or len(web.posted) == 2, "its end")
        assert [(body["event"], body["what"]) for body in web.posted] == [
            ("trouble", "the show stood still for 3 s"),
            ("recovered", "the show stood still for 3 s"),
        ]
        web.status = 500
        until(lambda: alerts.tell({}, {"sensor door": "door: found no camera"}) or alerts.unsent, "what is not sent")
        assert alerts.unsent[0].startswith("alerts.webhook: 127.0.0.1:")
        pid = alerts.child.pid
        assert pid is not None
    finally:
        alerts.stop()
    until(lambda: not _lives(pid), "its end")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


RUN = """
import sys
from pathlib import Path
from installation.process.alerts import AlertsProcess
from installation.process.restarts import Rules
from installation.process.supervisor import Supervisor
folder = Path(sys.argv[1])
command = [sys.executable, "-m", "tests.stub_show", str(folder), "dies", "--supervised"]
alerts = AlertsProcess(folder / "show.toml", folder)
try:
    Supervisor(command, folder, rules=Rules(most=1000, first=0.2, longest=0.5), alerts=alerts).run()
finally:
    alerts.stop()
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_show_that_dies_again_and_again_is_told_by_its_supervisor(tmp_path: Path, web: Web) -> None:
    show_file(tmp_path, web)
    process = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: web.posted, "trouble")
        assert web.posted[0]["what"] == "the show ended with exit code 7"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=TIMEOUT)
        assert "Traceback" not in said
    finally:
        process.kill()
        process.communicate()
