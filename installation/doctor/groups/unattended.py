"""What a machine does by itself: goes dark, sleeps, updates, logs in, starts the show, sets its clock."""

import re
from collections.abc import Iterator

from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red, untold
from installation.doctor.machine import Machine

POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"
LOGON = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
UPDATERS = ("dnf-automatic.timer", "dnf5-automatic.timer", "packagekit-offline-update.service")
APT = ("apt-daily-upgrade.timer", "apt-daily.timer")
"""They do what apt's configuration says: without a word there they fetch lists at most."""


def _setting(machine: Machine, schema: str, key: str) -> str | None:
    """Of GNOME, as gsettings prints it; None where it has no such."""
    return machine.says("gsettings", "get", schema, key)


def _registry(machine: Machine, key: str, name: str) -> str | None:
    found = re.search(rf"{name}\s+REG_\w+\s+(\S+)", machine.says("reg", "query", key, "/v", name) or "")
    return found[1] if found else None


# ---------------------------------------------------------------- goes dark, sleeps


def screen_saver(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        yield from _linux_saver(case)
    elif machine.system == "darwin":
        minutes = re.search(r"^\s*displaysleep\s+(\d+)", machine.says("pmset", "-g") or "", re.MULTILINE)
        if minutes:
            yield _off_after(int(minutes[1]) * 60, "sudo pmset -a displaysleep 0")
    elif machine.system == "win32":
        on = _registry(machine, r"HKCU\Control Panel\Desktop", "ScreenSaveActive")
        yield _off_after(600 if on == "1" else 0, "Settings, Personalisation, Lock screen, Screen saver: None")


def _linux_saver(case: Case) -> Iterator[Finding]:
    machine, found = case.machine, False
    idle = re.search(r"(\d+)$", _setting(machine, "org.gnome.desktop.session", "idle-delay") or "")
    if idle and "GNOME" in machine.variable("XDG_CURRENT_DESKTOP"):
        found = True
        yield _off_after(int(idle[1]), "gsettings set org.gnome.desktop.session idle-delay 0")
    told = machine.says("xset", "q") or ""
    timeout = re.search(r"timeout:\s+(\d+)", told)
    if timeout:
        found = True
        dark = int(timeout[1]) or (600 if "DPMS is Enabled" in told else 0)
        yield _off_after(dark, "xset s off -dpms, in a script that the session starts")
    if not found and not machine.variable("DISPLAY") and not machine.variable("WAYLAND_DISPLAY"):
        yield untold("no desktop session here", "" if case.headless else "run this again in the session that hangs it")


def _off_after(seconds: int, advice: str) -> Finding:
    if not seconds:
        return green("off")
    return red(f"the screen goes dark after {seconds / 60:g} min", advice)


def sleep(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        yield from _linux_sleep(machine)
    elif machine.system == "darwin":
        minutes = re.search(r"^\s*sleep\s+(\d+)", machine.says("pmset", "-g") or "", re.MULTILINE)
        if minutes:
            yield green("never") if minutes[1] == "0" else red(f"after {minutes[1]} min", "sudo pmset -a sleep 0")
    elif machine.system == "win32":
        told = machine.says("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE") or ""
        seconds = re.findall(r"0x([0-9a-fA-F]{8})", told)
        if len(seconds) >= 2:  # the last two are the values on mains and on battery
            mains = int(seconds[-2], 16)
            yield red(f"after {mains // 60} min", "powercfg /change standby-timeout-ac 0") if mains else green("never")


def _linux_sleep(machine: Machine) -> Iterator[Finding]:
    told = machine.run("systemctl", "is-enabled", "sleep.target", "suspend.target")
    if told and told.out.split()[:2] == ["masked", "masked"]:
        yield green("masked: this machine never sleeps")
        return
    kind = _setting(machine, "org.gnome.settings-daemon.plugins.power", "sleep-inactive-ac-type")
    if kind and kind.strip("'") != "nothing" and "GNOME" in machine.variable("XDG_CURRENT_DESKTOP"):
        yield red("GNOME sends it to sleep", "sudo systemctl mask sleep.target suspend.target hibernate.target")
        return
    configured = machine.file("/etc/systemd/logind.conf")
    action = re.search(r"^IdleAction=(\w+)", configured or "", re.MULTILINE)
    if action and action[1] not in ("ignore", "lock"):
        yield red(f"systemd-logind: {action[1]} when idle", "set IdleAction=ignore in /etc/systemd/logind.conf; reboot")
    elif told and told.out.strip():
        yield amber(
            "not by itself as far as is told, but it can, as by a key or a lid",
            "sudo systemctl mask sleep.target suspend.target hibernate.target hybrid-sleep.target",
        )


# ---------------------------------------------------------------- updates, login, service


def updates(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        yield from _linux_updates(machine)
    elif machine.system == "win32":
        if _registry(machine, POLICY, "NoAutoUpdate") == "0x1":
            yield green("off by policy")
        else:
            yield amber(
                "Windows updates itself, and may start again during opening hours",
                "set active hours to the museum's, and Windows Update's policy to Disabled (gpedit)",
            )
    elif machine.system == "darwin":
        key = ("defaults", "read", "/Library/Preferences/com.apple.SoftwareUpdate", "AutomaticallyInstallMacOSUpdates")
        if machine.says(*key) == "0":
            yield green("off")
        elif machine.says(*key):
            yield amber("macOS installs updates by itself", "System Settings, General, Software Update: off")


def _linux_updates(machine: Machine) -> Iterator[Finding]:
    told = {one: (machine.run("systemctl", "is-enabled", one) or (1, ""))[1].strip() for one in (*UPDATERS, *APT)}
    told = {one: state for one, state in told.items() if state in ("enabled", "disabled", "masked", "static")}
    on = [name for name in UPDATERS if told.get(name) == "enabled"]
    configured = "".join(machine.file(path) or "" for path in machine.files("/etc/apt/apt.conf.d/*"))
    if re.search(r'^\s*APT::Periodic::Unattended-Upgrade\s+"[1-9]', configured, re.MULTILINE):
        on += [name for name in APT if told.get(name) == "enabled"]
    if on:
        yield amber(
            f"this machine updates itself: {', '.join(on)}",
            f"sudo systemctl disable --now {' '.join(on)}, and update by hand on a closed day; a driver that is "
            "replaced under a running show ends it",
        )
    elif told:
        yield green("off")
    if "snapd" in (machine.fact("processes") or []) and not machine.says("snap", "get", "system", "refresh.hold"):
        yield amber("snap replaces programs by itself", "sudo snap refresh --hold")


def autologin(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        yield from _linux_login(case)
    elif machine.system == "win32":
        on = _registry(machine, LOGON, "AutoAdminLogon") == "1"
        yield (
            green("on")
            if on
            else amber("off: after a power cut the wall waits for a password", "Autologon (Sysinternals)")
        )
    elif machine.system == "darwin":
        user = machine.says("defaults", "read", "/Library/Preferences/com.apple.loginwindow", "autoLoginUser")
        advice = "System Settings, Users & Groups: log in automatically (FileVault has to be off)"
        yield green(user) if user else amber("off: after a power cut the wall waits for a password", advice)


LOGINS = (
    ("/etc/gdm*/custom.conf", r"(?im)^\s*AutomaticLoginEnable\s*=\s*true", r"(?m)^\s*AutomaticLogin\s*=\s*(\S+)"),
    ("/etc/lightdm/lightdm.conf", r"(?m)^\s*autologin-user\s*=\s*\S", r"(?m)^\s*autologin-user\s*=\s*(\S+)"),
    ("/etc/lightdm/lightdm.conf.d/*.conf", r"(?m)^\s*autologin-user\s*=\s*\S", r"(?m)autologin-user\s*=\s*(\S+)"),
    ("/etc/sddm.conf", r"(?m)^\[Autologin\]", r"(?m)^\s*User\s*=\s*(\S+)"),
    ("/etc/sddm.conf.d/*.conf", r"(?m)^\[Autologin\]", r"(?m)^\s*User\s*=\s*(\S+)"),
    ("/etc/systemd/system/getty@tty1.service.d/*.conf", r"--autologin", r"--autologin[ =](\S+)"),
)
"""Where display managers and getty keep who is logged in: files, what says that it is on, and who."""


def _linux_login(case: Case) -> Iterator[Finding]:
    for pattern, switch, who in LOGINS:
        for path in case.machine.files(pattern):
            text = case.machine.file(path) or ""
            named = re.search(who, text)
            if re.search(switch, text) and named:
                yield green(f"{named[1]}, by {path}")
                return
    user = str(case.machine.fact("user") or "")
    lingers = case.machine.says("loginctl", "show-user", user, "-p", "Linger", "--value") if user else None
    if case.headless and lingers == "yes":
        yield green(f"not needed: the services of {user} start without a login")
    elif case.headless:
        yield amber("off, and services do not start without a login", "loginctl enable-linger")
    else:
        yield amber(
            "off: after a power cut the wall waits for a password",
            "switch it on for the user of the show: in GNOME and KDE under Users, with LightDM autologin-user=",
        )


def service(case: Case) -> Iterator[Finding]:
    """Whether the show is a service here; without a show, which shows are."""
    if case.machine.system != "linux":
        return
    home = case.machine.variable("XDG_CONFIG_HOME") or f"{case.machine.fact('home') or '~'}/.config"
    units = [path.rpartition("/")[2] for path in case.machine.files(f"{home}/systemd/user/vernissage-*.service")]
    mine = f"vernissage-{re.sub(r'[^A-Za-z0-9_.-]+', '-', case.show.stem)}.service" if case.show else ""
    if not mine and not units:
        yield amber(
            "no show is a service here", f"{case.name} install-service SHOW, so that it starts with the machine"
        )
    elif mine and mine not in units:
        yield amber(f"this show is none ({mine})", f"{case.name} install-service {case.path}")
    for unit in [mine] if mine in units else [] if mine else units:
        yield _unit(case.machine, unit)


def _unit(machine: Machine, unit: str) -> Finding:
    enabled = (machine.run("systemctl", "--user", "is-enabled", unit) or (1, ""))[1].strip()
    active = (machine.run("systemctl", "--user", "is-active", unit) or (1, ""))[1].strip()
    if enabled == "enabled":
        told = active if active in ("active", "inactive", "failed", "activating") else "its state is not told"
        if active == "failed":
            return red(f"{unit} has failed", f"journalctl --user -u {unit} -n 50")
        return green(f"{unit}, enabled, {told}")
    return amber(
        f"{unit} is there, and {enabled.splitlines()[0] if enabled else 'not enabled'}",
        f"systemctl --user enable --now {unit}",
    )


# ---------------------------------------------------------------- clock


def clock(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        ran = machine.run("timedatectl", "show")
        told = dict(re.findall(r"^(\w+)=(.*)$", ran.out if ran else "", re.MULTILINE))
        synced = told.get("NTPSynchronized")
        if synced == "yes":
            yield green(f"set by the network, time zone {told.get('Timezone', 'not told')}")
        elif synced:
            yield amber(
                "not set by the network: opening hours drift by some seconds a day",
                "sudo timedatectl set-ntp true; in a museum without internet, name its own time server",
            )
        elif ran:
            yield untold(ran.out)
    elif machine.system == "win32":
        source = re.search(r"^Source: (.+)$", machine.says("w32tm", "/query", "/status") or "", re.MULTILINE)
        if source and "Local CMOS" not in source[1]:
            yield green(f"set by {source[1].strip()}")
        elif source:
            yield amber("not set by the network", "w32tm /config /syncfromflags:manual /update; w32tm /resync")


GROUP = Group(
    "Left alone",
    20,
    (
        Check("screen saver", screen_saver),
        Check("sleep", sleep),
        Check("automatic updates", updates),
        Check("login by itself", autologin),
        Check("service", service),
        Check("clock", clock),
    ),
)
