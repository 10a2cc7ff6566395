"""A private PulseAudio without a sound card, whose only input hears what is played to its only output."""

import os
import shutil
import subprocess
import tempfile
from ctypes.util import find_library
from pathlib import Path
from typing import Self

from benchmarks.faults.rows import wait_for

SERVER = """
load-module module-native-protocol-unix socket={folder}/native auth-anonymous=1
load-module module-null-sink sink_name=room rate=44100
load-module module-remap-source master=room.monitor source_name=ear
set-default-sink room
set-default-source ear
"""

ALSA = """
pcm_type.pulse { lib libasound_module_pcm_pulse.so }
ctl_type.pulse { lib libasound_module_ctl_pulse.so }
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


def missing() -> str:
    """What to install, where there is no PulseAudio."""
    bridge = list(Path("/usr").glob("lib*/**/alsa-lib/libasound_module_pcm_pulse.so"))
    if bridge and find_library("portaudio") and all(map(shutil.which, ("pulseaudio", "pactl", "pacat"))):
        return ""
    return "no PulseAudio here; Debian: pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"


class SoundServer:
    """It runs within ``with``, for this process and those that it starts."""

    def __enter__(self) -> Self:
        self._place = tempfile.TemporaryDirectory()
        self.folder = Path(self._place.name)
        ours = {"XDG_RUNTIME_DIR": "", "PULSE_COOKIE": "cookie", "ALSA_CONFIG_PATH": "asound.conf"}
        named = {name: str(self.folder / file) for name, file in ours.items()}
        named |= {"PULSE_SERVER": f"unix:{self.folder}/native"}
        self._before = {name: os.environ.get(name) for name in named}
        os.environ.update(named)
        (self.folder / "server.pa").write_text(SERVER.format(folder=self.folder))
        (self.folder / "asound.conf").write_text(ALSA)
        self.start()
        return self

    def start(self) -> None:
        options = ("-n", "-F", f"{self.folder}/server.pa", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no")
        self.process = subprocess.Popen(["pulseaudio", *options], stderr=subprocess.DEVNULL)
        wait_for(lambda: subprocess.run(["pactl", "info"], capture_output=True).returncode == 0, "the sound server")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_: object) -> None:
        self.kill()
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self._place.cleanup()
