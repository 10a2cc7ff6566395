"""What a show tells its supervisor, as it goes over the pipe."""

import io
import subprocess
import sys
from pathlib import Path

from installation.core.parts import ROOT
from installation.core.pipe import encode, read_frames
from installation.process.heartbeat import STANDBY, Orders
from tests.timeout import TIMEOUT

SHOW = """
import sys, threading
from pathlib import Path
from installation.process.heartbeat import Supervised

heart = Supervised(Path(sys.argv[1]))
heart.tell(lambda: ({"the painter": "hangs"}, {"by": threading.current_thread().name}))
heart.beat(7, "stub", True)
heart.gone.wait()
"""


def test_a_beat_carries_the_trouble_and_no_frame_waits_for_it(tmp_path: Path) -> None:
    """It is asked for by a thread that is not the one that beats."""
    with subprocess.Popen(
        [sys.executable, "-c", SHOW, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as show:
        assert show.stdin is not None
        assert show.stdout is not None
        show.stdin.write(encode(Orders().message()))
        show.stdin.flush()
        told = read_frames(show.stdout)
        beat = next(message["beat"] for message in told if isinstance(message, dict) and "beat" in message)
        show.stdin.close()
        show.wait(TIMEOUT)
    assert (beat["frames"], beat["piece"], beat["reasons"]) == (7, "stub", {"the painter": "hangs"})
    assert beat["notes"] == {"by": "heartbeat"}


WAITS = """
import sys
from pathlib import Path
from installation.process.heartbeat import Supervised

heart = Supervised(Path(sys.argv[1]), lambda: "made on standby")
heart.renew(str(heart.warmed))
"""


def test_what_was_made_on_standby_is_there_for_the_show(tmp_path: Path) -> None:
    for first, made in ((STANDBY, "made on standby"), (Orders().message(), "None")):
        words = encode(first) + encode(Orders(restarts=1).message())
        show = subprocess.run(
            [sys.executable, "-c", WAITS, str(tmp_path)], cwd=ROOT, input=words, stdout=subprocess.PIPE, timeout=TIMEOUT
        )
        assert {"renew": made} in read_frames(io.BytesIO(show.stdout))
