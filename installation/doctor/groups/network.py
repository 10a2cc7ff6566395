"""Ports, who else can reach them, and the firewall."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red, untold
from installation.showfile.load import Show

OURS = ("installation.", "run_show.py", "vernissage")
"""What the command line of a process of this program has in it."""


UNSAFE = {21: "FTP", 23: "telnet", 445: "Windows' file shares", 3389: "remote desktop", 5900: "VNC", 6000: "X11"}
"""Ports by which a machine in a public room is taken over or read, where they are open to all."""


class Listener(NamedTuple):
    """A port that a show opens: where it stands in the show file, ``tcp`` or ``udp``, at which address. ``allow`` are
    the networks that may come in; without one, all."""

    name: str
    key: str
    kind: str
    bind: str
    port: int
    allow: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        return ipaddress.ip_address(self.bind).is_loopback


def listeners(show: Show) -> Iterator[Listener]:
    """All ports that a show opens."""
    web, operator = show.web, show.operator
    if web.enabled:
        yield Listener("visitors' page", "[web]", "tcp", web.bind, web.port)
    if operator.enabled:
        yield Listener("operators' OSC", "[operator]", "udp", operator.bind, operator.port, operator.allow)
        if operator.tcp:
            yield Listener("OSC over TCP", "[operator]", "tcp", operator.bind, operator.port, operator.allow)
        if operator.oscquery:
            query = (operator.bind, operator.oscquery_port, operator.allow)
            yield Listener("OSCQuery", "[operator]", "tcp", *query)
    for sensor in show.sensors:
        port = getattr(sensor, "port", None)
        if isinstance(port, int) and port:
            bind, allow = getattr(sensor, "bind", "127.0.0.1"), tuple(getattr(sensor, "allow", ()))
            yield Listener(f"sensor {sensor.name}", "[[sensor]]", "udp", bind, port, allow)


# ---------------------------------------------------------------- ports


def ports(case: Case) -> Iterator[Finding]:
    if case.show is None:
        return
    heard = case.machine.fact("ports")
    if heard is None:
        yield untold("", "start the show: it says which port it cannot have")
        return
    runs = bool(case.machine.fact("running"))
    for listener in listeners(case.show):
        held = [one for one in heard if (one["kind"], one["port"]) == (listener.kind, listener.port)]
        if listener.port:
            yield _port(listener, runs, held)


def _port(listener: Listener, runs: bool, held: list[dict[str, Any]]) -> Finding:
    """``runs``: the show itself runs, on the state folder that is asked about."""
    subject = f"port {listener.port} {listener.kind}"
    if not held:
        return green(f"free, for the {listener.name}", subject)
    holder = held[0]
    ours = any(word in holder["command"] for word in OURS)
    if ours and runs:
        return green(f"held by this show, which runs: {listener.name}", subject)
    who = "another show" if ours else holder["name"] or "a program of another user"
    advice = f"end it, or give this show another: port under {listener.key}"
    return red(f"held by {who} (process {holder['process'] or 'not told'}): no {listener.name}", advice, subject)


def others(case: Case) -> Iterator[Finding]:
    """What else on this machine listens to the network: whoever set it up should know each."""
    heard = case.machine.fact("ports")
    if heard is None:
        return
    outside = [one for one in heard if one["kind"] == "tcp" and not ipaddress.ip_address(one["address"]).is_loopback]
    strange = {(one["port"], one["name"]) for one in outside if not any(word in one["command"] for word in OURS)}
    named = [f"{port} ({name or 'of another user'})" for port, name in sorted(strange)]
    if not named:
        yield green("nothing but shows listens to the network, over TCP")
    elif clear := [port for port, _ in sorted(strange) if port in UNSAFE]:
        yield amber(
            f"others that listen, over TCP: {', '.join(named[:12])}",
            f"{', '.join(UNSAFE[port] for port in clear)}: end it, or let the firewall keep strangers away",
        )
    else:
        yield green(f"others that listen, over TCP: {', '.join(named[:12])}")


# ---------------------------------------------------------------- who can reach it


def exposure(case: Case) -> Iterator[Finding]:
    """What of this show others on the network can reach."""
    if case.show is None:
        return
    for listener in listeners(case.show):
        yield _page(case.show, listener) if listener.key == "[web]" else _open(listener)
    if case.show.web.enabled and case.show.operator.console != "off":
        yield _console(case.show)


def _page(show: Show, listener: Listener) -> Finding:
    away = show.web.keeps_phones_away()
    if away and show.stage.panel:
        return amber(away.partition("; ")[0], away.partition("; ")[2], listener.name)
    if away:
        return green(f"this machine alone, {listener.bind}:{listener.port}", listener.name)
    return green(f"open to phones, as it is meant, at {listener.bind}:{listener.port}", listener.name)


def _open(listener: Listener) -> Finding:
    where = f"{listener.bind}:{listener.port}"
    if listener.is_local:
        return green(f"this machine alone, {where}", listener.name)
    everyone = not listener.allow or any(ipaddress.ip_network(one).prefixlen == 0 for one in listener.allow)
    if everyone:
        return red(
            f"{where} takes what anybody on its network sends",
            f'under {listener.key}, write who may: allow = ["192.168.1.20"]; OSC has no password',
            listener.name,
        )
    wide = [one for one in listener.allow if ipaddress.ip_network(one).num_addresses > 65536]
    if wide:
        return amber(f"{where} takes what {', '.join(wide)} send", "name fewer addresses in allow", listener.name)
    return green(f"{where}, for {', '.join(listener.allow)} alone", listener.name)


def _console(show: Show) -> Finding:
    """The operators' page on the web process."""
    operator, reachable = show.operator, not ipaddress.ip_address(show.web.bind).is_loopback
    if operator.console == "local" or not reachable:
        return green("this machine alone", "operators' page")
    if operator.pin and len(operator.pin) < 8:
        return amber("open to the network with a short PIN", "a PIN of 8 characters or more", "operators' page")
    return green("open to the network, behind its PIN", "operators' page")


# ---------------------------------------------------------------- addresses, firewall


def addresses(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("addresses")
    if told is None:
        return
    mine = [f"{address} ({card})" for card, ones in told.items() for address in ones if not address.startswith("127.")]
    if mine:
        yield green(", ".join(mine))
    else:
        yield amber("none: no cable, no wireless", "phones and tablets need one; plug the cable in")
    host = urlsplit(case.show.web.url).hostname if case.show else None
    known = {address for ones in told.values() for address in ones}
    if host and re.fullmatch(r"[\d.]+", host) and host not in known:
        yield amber(
            f"the QR code says {host}, which is not this machine's",
            "give this machine that address in the router (a fixed lease), or correct url under [web]",
        )


def firewall(case: Case) -> Iterator[Finding]:
    """A hint alone: rules are an administrator's to read."""
    on = _firewall(case)
    if on is None:
        return
    outside = [listener for listener in listeners(case.show) if not listener.is_local] if case.show else []
    if not on:
        yield green("none is on" if not outside else "none is on, so nothing keeps phones and tablets away")
    elif outside:
        wanted = ", ".join(f"{listener.port}/{listener.kind}" for listener in outside)
        yield amber(f"{on} is on; the show needs {wanted} from outside", _let_in(on, outside))
    else:
        yield green(f"{on} is on; nothing has to come in")


def _let_in(on: str, outside: list[Listener]) -> str:
    ports = [f"{listener.port}/{listener.kind}" for listener in outside]
    if on == "ufw":
        return "; ".join(f"sudo ufw allow {port}" for port in ports)
    if on == "firewalld":
        words = " ".join(f"--add-port={port}" for port in ports)
        return f"sudo firewall-cmd --permanent {words}; sudo firewall-cmd --reload"
    return "let these ports in, and try the page with a phone"


def _firewall(case: Case) -> str | None:
    """The one that is on, empty where none is, None where that is not told."""
    machine = case.machine
    if machine.system == "linux":
        if "ENABLED=yes" in (machine.file("/etc/ufw/ufw.conf") or ""):
            return "ufw"
        told = machine.run("systemctl", "is-active", "firewalld", "nftables")
        states = told.out.split() if told else []
        if len(states) != 2 or not set(states) <= {"active", "inactive", "failed", "unknown"}:
            return None
        return "firewalld" if states[0] == "active" else "nftables" if states[1] == "active" else ""
    if machine.system == "darwin":
        told = machine.run("/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate")
        return None if told is None else "" if "disabled" in told.out else "the firewall of macOS"
    if machine.system == "win32":
        text = machine.says("netsh", "advfirewall", "show", "currentprofile", "state")
        return None if text is None else "the firewall of Windows" if re.search(r"\bON\b", text) else ""
    return None


GROUP = Group(
    "Network",
    40,
    (
        Check("port", ports, quiet=True),
        Check("exposure", exposure, quiet=True),
        Check("other programs", others),
        Check("addresses", addresses),
        Check("firewall", firewall),
    ),
)
