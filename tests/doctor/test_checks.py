"""Each check against machines that are written down: what it finds, in what light, and what it says to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.doctor.examine import all_groups
from installation.doctor.findings import UNTOLD, Case
from installation.doctor.groups.graphics import NVIDIA
from installation.doctor.groups.unattended import POLICY
from installation.doctor.machine import Machine
from installation.options import parse
from installation.services import Service, service_file
from installation.showfile.load import load
from tests.doctor.fake import REHEARSAL, Answers, case, linux, look, printed, show_with

XRANDR = """\
Screen 0: minimum 320 x 200, current {size}, maximum 16384 x 16384
HDMI-1 connected primary {size}+0+0 (normal left inverted right x axis y axis) 527mm x 296mm
   3840x2160     30.00 +  25.00
   {size}     {rate}
DP-1 disconnected (normal left inverted right x axis y axis)
"""
OWN = "HDMI-1 connected 1920x1080+0+0 (normal) 5mm x 2mm\n   1920x1080     {rate}*+  59.94\n"
XSET = "Screen Saver:\n  prefer blanking:  yes    allow exposures:  yes\n  timeout:  {timeout}    cycle:  600\n"
GNOME = {("variable", "XDG_CURRENT_DESKTOP"): "ubuntu:GNOME", ("variable", "WAYLAND_DISPLAY"): "wayland-0"}
IDLE = ("run", "gsettings", "get", "org.gnome.desktop.session", "idle-delay")
POWER = ("run", "gsettings", "get", "org.gnome.settings-daemon.plugins.power", "sleep-inactive-ac-type")
SLEEP = ("run", "systemctl", "is-enabled", "sleep.target", "suspend.target")
APT = ("run", "systemctl", "is-enabled", "apt-daily-upgrade.timer")
DISK = {"free": 60e9, "total": 250e9, "device": "/dev/sda2", "kind": "ext4", "writable": True}
SMART = ("run", "smartctl", "-H", "-A", "-j", "/dev/sda2")
EMMC = "/sys/class/block/mmcblk0/device/life_time"
GPU = "NVIDIA GeForce RTX 4070, 550.54.14, 12282, {free}\n"


def smart(**told: Any) -> Answers:
    return linux({("fact", "disk"): DISK, SMART: printed(json.dumps(told))})


def uevent(driver: str, maker: str) -> Answers:
    card = "/sys/class/drm/card0"
    text = f"DRIVER={driver}\nPCI_CLASS=30000\nPCI_ID={maker}:2786\n"
    return linux({("files", "/sys/class/drm/card[0-9]"): [card], ("file", f"{card}/device/uevent"): text})


def listening(address: str, port: int, name: str) -> dict[str, Any]:
    where = {"kind": "tcp", "address": address, "port": port}
    return {**where, "process": 71, "name": name, "command": f"/usr/bin/{name}"}


FOUND: list[tuple[str, Answers, str, str]] = [
    ("graphics card", linux({("run", *NVIDIA): printed(GPU.format(free=11800))}), "green", "RTX 4070, driver 550.54"),
    ("graphics card", linux({("run", *NVIDIA): printed(GPU.format(free=300))}), "amber", "nvidia-smi names it"),
    (
        "graphics card",
        linux({("run", *NVIDIA): printed("Failed to initialize NVML: Driver/library version mismatch\n", 18)}),
        "red",
        "start the machine again",
    ),
    ("graphics card", linux({("run", *NVIDIA): printed("No devices were found\n", 6)}), "red", "No devices were found"),
    ("graphics card", uevent("nouveau", "10DE"), "amber", "no CUDA"),
    ("graphics card", uevent("amdgpu", "1002"), "green", "AMD, driver amdgpu"),
    ("graphics card", linux({("file", "/proc/bus/pci/devices"): "0100\t10de2786\t1f\n"}), "red", "without a driver"),
    ("graphics card", linux({}), "amber", "no graphics card"),
    ("OpenGL draws with", {("look", "gl"): {"renderer": "RTX 4070", "software": False}}, "green", "RTX 4070"),
    ("OpenGL draws with", {("look", "gl"): {"renderer": "llvmpipe", "software": True}}, "amber", "1280x720"),
    (
        "OpenGL draws with",
        {("look", "gl"): {"renderer": "llvmpipe", "software": True}, ("files", "/dev/dri/renderD*"): ["/dev/dri/r"]},
        "red",
        "groups video and render",
    ),
    ("OpenGL draws with", {("look", "gl"): {"trouble": "no EGL"}}, "red", "no OpenGL: no EGL"),
    (
        "display",
        linux({("run", "xrandr", "--current"): printed(XRANDR.format(size="1920x1080", rate="60.00*"))}),
        "amber",
        "set it to 3840x2160",
    ),
    ("display", linux({("run", "xrandr", "--current"): printed(OWN.format(rate="60.00"))}), "green", "at 60 Hz"),
    ("display", linux({("run", "xrandr", "--current"): printed(OWN.format(rate="30.00"))}), "amber", "HDMI 2.0"),
    ("display", linux({("run", "xrandr", "--current"): printed(OWN.format(rate="75.00"))}), "amber", "--fps 75"),
    (
        "display",
        linux(
            {
                ("files", "/sys/class/drm/card*-*/status"): ["/sys/class/drm/card0-HDMI-A-1/status"],
                ("file", "/sys/class/drm/card0-HDMI-A-1/status"): "connected\n",
                ("file", "/sys/class/drm/card0-HDMI-A-1/modes"): "1920x1080\n1280x720\n",
            }
        ),
        "green",
        "HDMI-A-1: 1920x1080",
    ),
    ("display", linux({}), "amber", "plug in the projector"),
    ("compositor", linux(GNOME), "green", "Wayland, ubuntu:GNOME"),
    ("compositor", linux({("variable", "DISPLAY"): ":0", ("fact", "processes"): ["picom"]}), "amber", "end picom"),
    ("compositor", linux({("variable", "DISPLAY"): ":0", ("fact", "processes"): ["openbox"]}), "green", "X11"),
    ("screen saver", linux({**GNOME, IDLE: printed("uint32 300\n")}), "red", "idle-delay 0"),
    ("screen saver", linux({**GNOME, IDLE: printed("uint32 0\n")}), "green", "off"),
    ("screen saver", linux({("run", "xset", "q"): printed(XSET.format(timeout=600))}), "red", "after 10 min"),
    (
        "screen saver",
        linux({("run", "xset", "q"): printed(XSET.format(timeout=0) + "  DPMS is Enabled\n")}),
        "red",
        "xset s off -dpms",
    ),
    ("screen saver", linux({}), "untold", "no desktop session"),
    (
        "screen saver",
        {("fact", "system"): "darwin", ("run", "pmset", "-g"): printed(" displaysleep 10\n sleep 1\n")},
        "red",
        "displaysleep 0",
    ),
    ("sleep", linux({SLEEP: printed("masked\nmasked\n", 1)}), "green", "never sleeps"),
    ("sleep", linux({SLEEP: printed("static\nstatic\n"), **GNOME, POWER: printed("'suspend'\n")}), "red", "GNOME"),
    ("sleep", linux({("file", "/etc/systemd/logind.conf"): "[Login]\nIdleAction=suspend\n"}), "red", "logind: suspend"),
    ("sleep", linux({SLEEP: printed("static\nstatic\n")}), "amber", "mask sleep.target"),
    ("sleep", {("fact", "system"): "darwin", ("run", "pmset", "-g"): printed(" sleep   0 (by x)\n")}, "green", "never"),
    (
        "sleep",
        {
            ("fact", "system"): "win32",
            ("run", "powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE"): printed(
                "Possible Settings\nCurrent AC Power Setting Index: 0x00000708\n"
                "Current DC Power Setting Index: 0x00000384\n"
            ),
        },
        "red",
        "after 30 min",
    ),
    (
        "automatic updates",
        linux(
            {
                APT: printed("enabled\n"),
                ("files", "/etc/apt/apt.conf.d/*"): ["/etc/apt/apt.conf.d/20auto-upgrades"],
                ("file", "/etc/apt/apt.conf.d/20auto-upgrades"): 'APT::Periodic::Unattended-Upgrade "1";\n',
            }
        ),
        "amber",
        "disable --now apt-daily-upgrade.timer",
    ),
    ("automatic updates", linux({APT: printed("enabled\n")}), "green", "off"),
    ("automatic updates", linux({APT: printed("Failed to connect to bus\n", 1)}), "untold", UNTOLD),
    ("automatic updates", {("fact", "system"): "win32"}, "amber", "Windows updates itself"),
    (
        "automatic updates",
        {
            ("fact", "system"): "win32",
            ("run", "reg", "query", POLICY, "/v", "NoAutoUpdate"): printed("    NoAutoUpdate    REG_DWORD    0x1\r\n"),
        },
        "green",
        "off by policy",
    ),
    (
        "login by itself",
        linux(
            {
                ("files", "/etc/gdm*/custom.conf"): ["/etc/gdm3/custom.conf"],
                ("file", "/etc/gdm3/custom.conf"): "[daemon]\nAutomaticLoginEnable=True\nAutomaticLogin = wall\n",
            }
        ),
        "green",
        "wall, by /etc/gdm3",
    ),
    ("login by itself", linux({}), "amber", "waits for a password"),
    (
        "clock",
        linux({("run", "timedatectl", "show"): printed("Timezone=Europe/Paris\nNTPSynchronized=yes\n")}),
        "green",
        "Paris",
    ),
    ("clock", linux({("run", "timedatectl", "show"): printed("NTPSynchronized=no\n")}), "amber", "set-ntp true"),
    ("clock", linux({("run", "timedatectl", "show"): printed("not booted with systemd\n", 1)}), "untold", "not booted"),
    ("system", {("fact", "release"): "Linux-6.1.0-amd64"}, "green", "Linux-6.1"),
    ("disk", {("fact", "disk"): DISK}, "green", "60 GB free of 250 GB"),
    ("disk", {("fact", "disk"): DISK | {"free": 6e9}}, "amber", "make room"),
    ("disk", {("fact", "disk"): DISK | {"free": 1e8}}, "red", "no votes"),
    ("disk", {("fact", "disk"): DISK | {"writable": False}}, "red", "--state"),
    ("disk's health", smart(smart_status={"passed": True}), "green", "passed"),
    ("disk's health", smart(smart_status={"passed": False}), "red", "replace the disk"),
    ("disk's health", smart(smartctl={"exit_status": 2}), "untold", "sudo smartctl -H /dev/sda2"),
    (
        "disk's health",
        smart(smart_status={"passed": True}, nvme_smart_health_information_log={"percentage_used": 91}),
        "amber",
        "91 % of its life",
    ),
    (
        "disk's health",
        linux({("fact", "disk"): DISK | {"device": "/dev/mmcblk0p2"}, ("file", EMMC): "0x0b 0x03\n"}),
        "red",
        "110 % of its life",
    ),
    ("memory", {("fact", "memory"): {"free": 9e9, "total": 16e9}}, "green", "9.0 GB free of 16.0 GB"),
    ("memory", {("fact", "memory"): {"free": 1.5e9, "total": 4e9}}, "amber", "end other programs"),
    ("memory", {("fact", "memory"): {"free": 2e8, "total": 4e9}}, "red", "add memory"),
    ("temperature", {("fact", "heat"): [{"where": "Tctl", "now": 51.0, "critical": None}]}, "green", "51 °C"),
    ("temperature", {("fact", "heat"): [{"where": "Tctl", "now": 88.0, "critical": 95.0}]}, "amber", "fans"),
    (
        "temperature",
        {
            ("run", "nvidia-smi", "--query-gpu=temperature.gpu", "--format=csv,noheader,nounits"): printed("97\n"),
        },
        "red",
        "97 °C at most (graphics card)",
    ),
    ("power", {("fact", "battery"): {"plugged": False, "percent": 63}}, "red", "63 %"),
    ("power", {("fact", "battery"): {"plugged": True, "percent": 100}}, "green", "mains"),
    ("processor", {("fact", "busy"): {"cores": 8, "load": [1.0, 0.7, 0.4]}}, "green", "8 cores"),
    ("processor", {("fact", "busy"): {"cores": 2, "load": [9.0, 7.5, 4.0]}}, "amber", "7.5 tasks"),
    ("other programs", {("fact", "ports"): [listening("0.0.0.0", 22, "sshd")]}, "green", "22 (sshd)"),
    ("other programs", {("fact", "ports"): [listening("::", 5900, "x11vnc")]}, "amber", "VNC: end it"),
    ("other programs", {("fact", "ports"): [listening("127.0.0.1", 5900, "x11vnc")]}, "green", "nothing but shows"),
    ("addresses", {("fact", "addresses"): {"lo": ["127.0.0.1"], "eth0": ["192.168.1.10"]}}, "green", "192.168.1.10"),
    ("addresses", {("fact", "addresses"): {"lo": ["127.0.0.1"]}}, "amber", "plug the cable in"),
    ("firewall", linux({("file", "/etc/ufw/ufw.conf"): "ENABLED=yes\n"}), "green", "ufw is on; nothing has to"),
    (
        "camera",
        {("look", "devices", "camera"): {"devices": ['0: "C920" at /dev/video0', "  MJPG 1920x1080 at 30 fps"]}},
        "green",
        '0: "C920" at /dev/video0: MJPG 1920x1080 at 30 fps',
    ),
    (
        "camera",
        {("look", "devices", "camera"): {"devices": ['0: "C920"', "  cannot be asked what it offers: no permission"]}},
        "amber",
        "usermod -aG video",
    ),
    (
        "camera",
        {("look", "devices", "camera"): {"devices": ['/dev/video0 "C920": MJPG 1920x1080 at 30 fps']}},
        "green",
        "C920",
    ),
    ("camera", {("look", "devices", "camera"): {"devices": []}}, "green", "nothing asks for one"),
    (
        "sound input",
        {("look", "devices", "microphone"): {"trouble": "install PortAudio"}},
        "amber",
        "install PortAudio",
    ),
]


@pytest.mark.parametrize(("subject", "answers", "light", "text"), FOUND)
def test_a_check_finds(subject: str, answers: Answers, light: str, text: str) -> None:
    found = look(subject, case(answers))
    assert [one.light for one in found] == [light]
    assert text in f"{found[0].found} {found[0].advice}"
    assert found[0].advice or light in ("green", "untold")


def test_every_check_is_tried_here() -> None:
    of_shows = {"service", "port", "exposure", "rehearsal", "show file", "model"}
    assert {subject for subject, *_ in FOUND} | of_shows == {
        check.subject for group in all_groups() for check in group.checks
    }


# ---------------------------------------------------------------- with a show

OPEN = """
[operator]
bind = "0.0.0.0"
{allow}
[web]
bind = "0.0.0.0"
url = "http://192.168.1.10:8080/"
"""


def light_of(subject: str, check: str, examined: Case) -> str:
    return next(one.light for one in look(check, examined) if one.subject == subject)


def test_an_operator_port_that_anybody_reaches_is_red(tmp_path: Path) -> None:
    everybody = case({}, show_with(tmp_path, OPEN.format(allow="")))
    assert light_of("operators' OSC", "exposure", everybody) == "red"
    assert light_of("visitors' page", "exposure", everybody) == "green"
    one = case({}, show_with(tmp_path, OPEN.format(allow='allow = ["192.168.1.20"]')))
    assert light_of("operators' OSC", "exposure", one) == "green"
    many = case({}, show_with(tmp_path, OPEN.format(allow='allow = ["10.0.0.0/8"]')))
    assert light_of("operators' OSC", "exposure", many) == "amber"
    assert light_of("operators' OSC", "exposure", case({}, load(REHEARSAL))) == "green"


def test_what_must_come_in_through_a_firewall_is_named(tmp_path: Path) -> None:
    show = show_with(tmp_path, OPEN.format(allow=""))
    found = look("firewall", case(linux({("file", "/etc/ufw/ufw.conf"): "ENABLED=yes\n"}), show))[0]
    assert found.light == "amber"
    assert found.advice == "sudo ufw allow 8080/tcp; sudo ufw allow 8000/udp"
    strange = look("addresses", case({("fact", "addresses"): {"eth0": ["10.0.0.4"]}}, show))
    assert [one.light for one in strange] == ["green", "amber"]


def test_a_port_is_free_or_held_by_a_stranger_another_show_or_this_one() -> None:
    show = load(REHEARSAL)
    held = listening("0.0.0.0", 8080, "node")
    examined = case({("fact", "ports"): [held]}, show)
    assert light_of("port 8080 tcp", "port", examined) == "red"
    assert light_of("port 8000 udp", "port", examined) == "green"
    ours = held | {"name": "python3", "command": "python3 -m installation.web"}
    assert light_of("port 8080 tcp", "port", case({("fact", "ports"): [ours]}, show)) == "red"
    mine: Answers = {("fact", "ports"): [ours], ("fact", "running"): True}
    assert light_of("port 8080 tcp", "port", case(mine, show)) == "green"
    assert look("port", case({}, show))[0].light == "untold"
    assert look("port", case({})) == []


@pytest.mark.parametrize(
    ("enabled", "active", "light"),
    [("enabled", "active", "green"), ("enabled", "failed", "red"), ("disabled", "inactive", "amber")],
)
def test_the_service_of_a_show(enabled: str, active: str, light: str) -> None:
    unit = service_file(Service.of(parse([str(REHEARSAL)])), "linux", Path("/home/wall")).path
    answers = linux(
        {
            ("fact", "home"): "/home/wall",
            ("files", "/home/wall/.config/systemd/user/vernissage-*.service"): [str(unit)],
            ("run", "systemctl", "--user", "is-enabled", unit.name): printed(enabled),
            ("run", "systemctl", "--user", "is-active", unit.name): printed(active),
        }
    )
    assert [one.light for one in look("service", case(answers, load(REHEARSAL)))] == [light]
    assert [one.light for one in look("service", case(answers))] == [light]
    assert "install-service show.toml" in look("service", case(linux({}), load(REHEARSAL)))[0].advice


def test_a_show_says_which_devices_it_wants(tmp_path: Path) -> None:
    show = show_with(tmp_path, '\n[[sensor]]\nkind = "camera"\nname = "hall"\nsource = 0\n')
    assert look("camera", case({("look", "devices", "camera"): {"devices": []}}, show))[0].light == "red"
    assert [one.light for one in look("rehearsal", case({}, load(REHEARSAL)))] == ["amber"]


@pytest.mark.parametrize(
    ("told", "light", "text"),
    [
        ({"fps": 31.0, "size": "128x128", "device": "cuda", "runtime": "graph fp16", "waits": False}, "green", "graph"),
        ({"fps": 8.0, "size": "128x128", "device": "cpu", "runtime": "eager", "waits": True}, "amber", "not ready"),
        ({"fps": 1.5, "size": "128x128", "device": "cpu", "runtime": "eager", "waits": False}, "red", "torch does not"),
        ({"trouble": "it is damaged"}, "red", "it is damaged"),
        (None, "untold", "not in time"),
    ],
)
def test_each_model_is_measured(told: Any, light: str, text: str) -> None:
    show = load(REHEARSAL)
    answers: Answers = {("look", "piece", piece.name, "auto"): told for piece in show.pieces}
    answers[("files", "/dev/nvidia[0-9]")] = ["/dev/nvidia0"]
    found = look("model", case(answers, show))
    assert {one.light for one in found} == {light}
    assert text in f"{found[0].found} {found[0].advice}"
    assert look("model", case(answers | {("fact", "running"): True}, show))[0].light == "untold"


def test_a_busy_machine_is_no_slow_machine() -> None:
    show = load(REHEARSAL)
    told = {"fps": 1.5, "size": "128x128", "device": "cpu", "runtime": "eager", "waits": False}
    answers: Answers = {("look", "piece", piece.name, "auto"): told for piece in show.pieces}
    answers[("fact", "busy")] = {"cores": 2, "load": [9.0, 7.5, 4.0]}
    found = look("model", case(answers, show))
    assert {one.light for one in found} == {"amber"}
    assert "look again" in found[0].advice


def test_a_show_with_faults_is_red() -> None:
    assert [one.light for one in look("show file", case({}, faults=("show.toml:3: a fault",)))] == ["red"]


# ---------------------------------------------------------------- whatever a machine answers

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["status", "out", "renderer", "free", "fps", "devices", "trouble"]), inner)
    ),
    max_leaves=6,
)
SHOW = load(REHEARSAL)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["linux", "win32", "darwin", "plan9"]), JUNK, st.booleans())
def test_no_answer_is_a_traceback(system: str, junk: Any, with_show: bool) -> None:
    machine = Machine(lambda asked: system if asked == ("fact", "system") else junk)
    examined = Case(machine, show=SHOW if with_show else None)
    for group in all_groups():
        for check in group.checks:
            assert check.findings(examined) or check.quiet
