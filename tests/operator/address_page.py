"""The list of OSC addresses, generated from the control table."""

from collections.abc import Iterable, Mapping

from installation.core.controls import Control

HEAD = """\
# OSC

How programs and surfaces move *{title}*, and every address of it. Send to UDP port 8000, or to where `[operator]` in
the show file listens; that is this machine alone until `bind` says otherwise.

## What a message means

| type | takes |
| --- | --- |
| float, int | a number; one outside the range is brought to its end |
| bool | 1 or 0 |
| choice | one of the names, or its number from 0, as radio buttons send it |
| pulse | nothing, nil, or a number: 0 is a button let go and does nothing |
| pair | two numbers, for an XY pad: `/stage/lamp` moves `/stage/lamp/x` and `/stage/lamp/y` |

* A number may be of any type of OSC (`i f h d t`); `T` and `I` are 1, `F` is 0; text counts as the number it spells.
* Of more arguments than are taken the first count, and the log tells so. An array counts as what is in it.
* A message in a bundle that breaks a rule loses itself alone. A packet may have 8 KiB and 512 messages, from this
  machine 64 KiB and 4096. Address patterns, numbers that are not finite and other types are refused.
* A time tag in the future counts: its messages act at that time, up to 60 s ahead. What is further away is refused, as
  the sender's clock is wrong. What is past or immediate acts at once.
* Where two operators move one control at the same time the later message counts, and the log tells who they are.
* The same command again within `guard` (0.3 s) is a double press and counts once. A switch may go on and back at any
  speed.
* With `arm = true`, blackout and panic act only within three seconds of `/show/arm` from the same sender, once; a
  switch back to light always acts. Without it, `/show/arm` is not there. On the keyboard that is `a`, then `b`.
* A sender may send 1000 packets a second. Of what comes faster, the latest value of each control counts. A packet that
  breaks a rule counts as ten.

Whatever does not count is told at `/show/refused`: at once where it was sent from, over UDP or TCP, and to the
surfaces of that address; the same again once a second, 16 texts in a second and then how many more. The log has each
reason once a minute. Who may not send (`allow`) is in the log alone. What the show says itself, such as `/show/now`,
moves nothing.

## What comes back

The values that changed, at the same addresses, up to 30 times a second: to each of `[operator] surfaces` (names are
looked up again every ten seconds), for a minute to port 9000 of whoever sent something, and over each TCP connection.
A surface that moves a control is not sent its value until 0.3 s later; programs on one machine count as one surface. A
pair comes as two numbers, too. Besides:

| address | says |
| --- | --- |
| `/show/now` | the title of what hangs |
| `/show/heartbeat` | seconds that the show has run, once a second; none comes when the picture's loop stands still |
| `/show/refused` | why something that was sent from here does not count; to a surface an empty text six seconds later |
| `/pong` | the answer to `/ping` |

`/sync` asks for everything; it comes in rounds of up to 192 values, 30 a second.

## [operator]

| key | at first | |
| --- | --- | --- |
| `bind`, `port` | "127.0.0.1", 8000 | where OSC is heard; "0.0.0.0" hears all networks |
| `allow` | [] | the addresses and networks that may send, such as "192.168.1.0/24"; without, all that reach it |
| `surfaces` | [] | who is always told the values, such as "tablet.local:9000" |
| `bundles` | true | tells many values in one packet; false: each in its own, as some programs read no more |
| `tcp` | false | hears TCP, too, at the same port: SLIP (OSC 1.1) or a length before each packet (OSC 1.0) |
| `guard`, `arm` | "0.3 s", false | see above |
| `release` | "30 s" | after which an operator's value is given back to a cue, the votes or a wire that wants it |
| `oscquery`, `oscquery_port` | false, 8001 | answers OSCQuery, at that port of `bind` |

## OSCQuery

With `oscquery = true`, Chataigne, ossia score and others see all of this by themselves: every address with its type,
range, value and words, over HTTP and WebSocket ([the proposal](https://github.com/Vidvox/OSCQueryProposal)). It is a
process of its own. Where zeroconf is installed (`pip install "vernissage[discovery]"`; LGPL 2.1, therefore not part of
what is installed by itself) they find the show, too; without, give them `http://<this machine>:8001`. A switch is an
integer of 0 or 1 there, as the proposal has no value for true and false.

`run_show.py --touchosc show.tosc` writes a layout for TouchOSC with all of these knobs.

This page is written from the show's control table.
"""

TABLE = """
## /{room}

| address | type | range | at first | unit | what it does |
| --- | --- | --- | --- | --- | --- |
"""


def markdown(controls: Mapping[str, Control], title: str) -> str:
    """The page: one table for each first part of the addresses, sorted."""
    rooms: dict[str, list[Control]] = {}
    for control in controls.values():
        rooms.setdefault(control.address.split("/")[1], []).append(control)
    return HEAD.format(title=_text(title)) + "".join(_table(room, rooms[room]) for room in sorted(rooms))


def _table(room: str, controls: Iterable[Control]) -> str:
    return TABLE.format(room=room) + "".join(map(_row, controls))


def _row(control: Control) -> str:
    cells = (f"`{control.address}`", control.type, _range(control), _default(control), control.unit, control.doc)
    return f"| {' | '.join(map(_text, cells))} |\n"


def _range(control: Control) -> str:
    if control.type == "choice":
        return ", ".join(control.choices)
    return f"{control.low:g} to {control.high:g}" if control.type in ("float", "int") else ""


def _default(control: Control) -> str:
    if control.type == "pulse":
        return ""
    if control.type == "choice":
        return control.choices[int(control.default)] if control.choices else ""
    return f"{control.default:g}"


def _text(text: str) -> str:
    """One line that a table's cell can hold."""
    return " ".join(text.split()).replace("|", "\\|")
