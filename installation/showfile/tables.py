"""The tables of a show file: frozen, ranged, unknown keys refused. What a piece's wires and rests may name is checked
against the ``Reading`` in the validation context, so that each fault stands at its own key."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    create_model,
    model_validator,
)

from installation.core.addresses import host_of, is_loopback, netloc_of
from installation.core.contracts import GeneratorConfig, WalkConfig
from installation.core.controls import Control, Values, table
from installation.core.durations import Seconds
from installation.core.errors import PartError, Refused, did_you_mean
from installation.core.paths import ShowPath
from installation.core.words import FIRST, blanks, languages
from installation.showfile.messages import Finding, Unfit, shown, validate
from installation.showfile.parts import Reading, Table, Transition, read_change, read_part, reading_of

Order = Literal["listed", "shuffle", "votes"]
Hang = Literal["bleed", "wall"]
Curve = Literal["linear", "ease", "exp", "log"]

DAY = 86400.0
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
PICTURES = (".jpg", ".jpeg", ".png", ".webp")


# ---------------------------------------------------------------- fields


class Texts(Table):
    model_config = ConfigDict(title="language")


class Knobs(Table):
    model_config = ConfigDict(title="control of the piece or the stage")


def _words(value: object, info: ValidationInfo) -> dict[str, str]:
    """A text for every language: one text counts for all, one that is not translated is as in the first language."""
    languages = reading_of(info).languages
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # date = 2026
    if isinstance(value, str):
        return dict.fromkeys(languages, value)
    if not isinstance(value, dict) or not value:
        raise Refused(f'text, or a table such as {{ {languages[0]} = "..." }}')
    model = create_model("Words", __base__=Texts, **cast(Any, dict.fromkeys(languages, (str, ""))))
    texts = validate(model, value, {}).model_dump(exclude_unset=True)
    first = next(texts[language] for language in languages if language in texts)
    return {language: texts.get(language, first) for language in languages}


def one_line(name: str) -> str:
    if name != name.strip() or not name.isprintable():
        raise Refused("a name on one line, without spaces around it")
    return name


def _different(languages: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(languages)) < len(languages):
        raise Refused("each language once")
    return languages


def _picture(path: Path) -> Path:
    if path.suffix.lower() not in PICTURES:
        raise Refused(f"a picture that ends in {', '.join(PICTURES)}")
    return path


def _calm(rotate: float) -> float:
    if 0.0 < rotate < 5.0:
        raise Refused('a time from 5 s up, or "0 s" to stay with the first language')
    return rotate


def _bind(address: str) -> str:
    try:
        return address if address == "localhost" else str(ipaddress.ip_address(address))
    except ValueError:
        raise Refused('"127.0.0.1" (this machine only), "0.0.0.0" (its networks) or one of its addresses') from None


def _allowed(network: str) -> str:
    try:
        return str(ipaddress.ip_network(network, strict=False))
    except ValueError:
        raise Refused('an address or network, such as "192.168.1.20" or "192.168.1.0/24"') from None


def _surface(address: str) -> str:
    match = re.fullmatch(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:]{2,45}\]):([0-9]{1,5})", address)
    if not match or not 1 <= int(match[1]) <= 65535:
        raise Refused('the address and port of a surface, such as "192.168.1.20:9000"')
    return address


def _url(url: str) -> str:
    if url and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        raise Refused('the address that phones open, such as "http://192.168.1.10:8080/"')
    return url


Words = Annotated[Mapping[str, str], PlainValidator(_words, json_schema_input_type=str | int | dict[str, str])]
Language = Annotated[str, Field(pattern=LANGUAGE, description='a language code such as "en", "nl" or "pt-BR"')]
PicturePath = Annotated[ShowPath, AfterValidator(_picture)]
Port = Annotated[int, Field(ge=0, le=65535)]
Bind = Annotated[str, AfterValidator(_bind)]


def _change(value: object, info: ValidationInfo) -> Transition | None:
    reading = reading_of(info)
    return reading.transition if value is None else read_change(value, reading.context)


Change = Annotated[Transition, PlainValidator(_change, json_schema_input_type=str | dict[str, Any])]


class Head(Table):
    title: Words = Field(description='a title, such as title = "The Next Rembrandt"')
    languages: Annotated[tuple[Language, ...], AfterValidator(_different)] = Field(("en",), min_length=1, max_length=16)
    order: Order = "listed"
    seed: int = Field(0, ge=0, le=2**32 - 1)
    transition: Change = Field(cast(Any, "dissolve"), validate_default=True)


class Stage(Table):
    brightness: float = Field(1.0, ge=0.0, le=1.0)
    rotate: Annotated[Seconds, AfterValidator(_calm)] = Field(20.0, le=DAY)
    """How long each of three or more languages stands on the labels; 0 stays with the first."""
    panel: bool | None = None
    """Whether the vote panel is drawn. The show's reader puts a default by its order."""


class Web(Table):
    enabled: bool = True
    bind: Bind = "127.0.0.1"
    port: Port = 8080
    url: Annotated[str, AfterValidator(_url)] = ""

    def keeps_phones_away(self, at: str = "") -> str:
        """Why no phone reaches the page, and the line to write; empty where these settings keep nobody away. ``at`` is
        where the page really is, once that is known."""
        if not is_loopback(host_of(netloc_of(self.url)) if self.url else self.bind):
            return ""
        url = self.url or at or f"http://{self.bind}:{self.port}/"
        line = f'url = "http://<this machine>:{self.port}/"' if self.url else 'bind = "0.0.0.0"'
        return f"phones cannot reach {url}, so the wall shows no code; under [web], write {line}"


def own_words(value: object) -> dict[str, dict[str, str]]:
    """Words by language and key, checked against those that come with the program."""
    if not isinstance(value, dict):
        raise Refused('tables such as [words.ja], with words such as call = "..."')
    known = languages()[FIRST]
    findings = []
    for tag, words in value.items():
        if not re.match(LANGUAGE, tag):
            findings.append(Finding((tag,), shown(tag), 'a language code such as "ja" or "pt-BR"'))
        elif not isinstance(words, dict):
            findings.append(Finding((tag,), shown(words), f"a table, written [words.{tag}]"))
        else:
            findings += [found for key, text in words.items() if (found := _unfit_words(tag, key, text, known))]
    if findings:
        raise Unfit(findings)
    return {tag: dict(words) for tag, words in value.items()}


def _unfit_words(tag: str, key: str, text: object, known: Mapping[str, str]) -> Finding | None:
    if key not in known:
        return Finding((tag, key), "an unknown word", f"one of {len(known)} words", did_you_mean(key, known))
    if not isinstance(text, str) or not text.strip():
        return Finding((tag, key), shown(text), f'text, such as "{known[key]}"')
    if blanks(text) != blanks(known[key]):
        wanted = " and ".join(blanks(known[key])) or "no braces"
        return Finding((tag, key), shown(text), f"text with {wanted} in it")
    return None


class Operator(Table):
    enabled: bool = True
    bind: Bind = "127.0.0.1"
    port: Port = 8000
    surfaces: tuple[Annotated[str, AfterValidator(_surface)], ...] = Field((), max_length=32)
    allow: tuple[Annotated[str, AfterValidator(_allowed)], ...] = Field((), max_length=256)
    release: Seconds = Field(30.0, ge=0.0, le=DAY)


class Label(Table):
    title: Words = Field(cast(Any, ""), validate_default=True)
    medium: Words = Field(cast(Any, ""), validate_default=True)
    date: Words = Field(cast(Any, ""), validate_default=True)
    text: Words = Field(cast(Any, ""), validate_default=True)


def _part(room: str, value: object, info: ValidationInfo) -> Any:
    return read_part(room, value, info.context or {})


# ---------------------------------------------------------------- wires and rests


def signal_name(name: str, info: ValidationInfo) -> str:
    reading = reading_of(info)
    if name not in reading.signals and name.partition(".")[0] not in reading.unsure:
        raise _no_such("signal", name, reading.signals)
    return name


def _no_such(what: str, name: str, known: Iterable[str]) -> Refused:
    """Names them all, unless they are many and one is near."""
    known = list(known)
    hint = did_you_mean(name, known)
    if not known:
        return Refused(f"a {what}, but no [[sensor]] says one")
    return Refused(f"one of {len(known)} {what}s" if hint and len(known) > 6 else f"a {what}: {', '.join(known)}", hint)


def _bare(address: str) -> str:
    return address.removeprefix("/")


def _control(name: str, info: ValidationInfo) -> str:
    reading, name = reading_of(info), _bare(name)
    if reading.controls is None:
        return name
    control, signal = reading.controls.get(f"/{name}"), reading.signals.get(info.data.get("signal", ""))
    if control is None:
        control = _wired_command(name, reading)
    if control.type == "pulse" and signal and not signal.pulse:
        raise Refused("a control that has a value", f'"{name}" is a pulse and "{signal.name}" is none')
    return name


def _wired_command(name: str, reading: Reading) -> Control:
    """The command of that name, which a pulse may ask for. Raises Refused for one that is no pulse, and for none."""
    command = reading.commands.get(f"/{name}")
    pulses = [_bare(address) for address, one in reading.commands.items() if one.type == "pulse"]
    if command is None:
        raise _no_such("control", name, (*map(_bare, reading.controls or ()), *pulses))
    if command.type != "pulse":
        hint = f'"{name}" is the operator\'s command; a wire can ask for {" or ".join(pulses)}'
        raise Refused("a control, or a command that is a pulse", hint)
    return command


def _wired(info: ValidationInfo) -> Control | None:
    return (reading_of(info).controls or {}).get(f"/{info.data.get('control')}")


def _in_default(value: object, info: ValidationInfo) -> object:
    signal = reading_of(info).signals.get(info.data.get("signal", ""))
    return _ends(value, (signal.low, signal.high) if signal and not signal.pulse else (0.0, 1.0))


def _out_default(value: object, info: ValidationInfo) -> object:
    control = _wired(info)
    return _ends(value, (control.low, control.high) if control else (0.0, 1.0))


def _ends(value: object, default: tuple[float, float]) -> object:
    """A tuple for a list, as pydantic's strict mode makes none of what a validator returns."""
    return default if value is None else tuple(value) if isinstance(value, list) else value


def _in(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] == ends[1]:
        raise Refused("two numbers that differ")
    return ends


def _out(ends: tuple[float, float], info: ValidationInfo) -> tuple[float, float]:
    control = _wired(info)
    if control and not all(control.low <= end <= control.high for end in ends):
        raise Refused(f"two numbers from {control.low:g} to {control.high:g}")
    return ends


def _smooth(seconds: float, info: ValidationInfo) -> float:
    signal, control = reading_of(info).signals.get(info.data.get("signal", "")), _wired(info)
    if seconds == 0.0 and signal and signal.pulse and control and control.type != "pulse":
        raise Refused(f'a time to fall back in, as "{signal.name}" is a pulse')
    return seconds


Ends = tuple[float, float]


class Wire(Table):
    """Signal to control: ``in`` (of the signal) goes to ``out`` (of the control) along ``curve``, smoothed with the
    time constant ``smooth`` (s). What is not given is the whole range of the one and of the other."""

    signal: Annotated[str, AfterValidator(signal_name)] = Field(description='a signal, such as "door.motion"')
    control: Annotated[str, AfterValidator(_control)] = Field(description='a control, such as "walk/speed"')
    in_: Annotated[Ends, BeforeValidator(_in_default), AfterValidator(_in)] = Field(
        cast(Any, None), alias="in", validate_default=True
    )
    out: Annotated[Ends, BeforeValidator(_out_default), AfterValidator(_out)] = Field(
        cast(Any, None), validate_default=True
    )
    curve: Curve = "linear"
    smooth: Annotated[Seconds, AfterValidator(_smooth)] = Field(0.25, le=600.0)

    @property
    def address(self) -> str:
        """The control's, as the control table has it: ``/walk/speed``."""
        return f"/{self.control}"


def _rests(value: object, info: ValidationInfo) -> dict[str, float]:
    return values_of(value, reading_of(info).controls)


def values_of(value: object, controls: Mapping[str, Control] | None) -> dict[str, float]:
    """Values by address. Commands are neither a piece's nor a cue's to give. Without
    ``controls`` what is written cannot be told to be right or wrong. Raises Refused or Unfit."""
    if not isinstance(value, dict):
        raise Refused("a table of controls and their values")
    if controls is None:
        return {}
    known = {_bare(address): control for address, control in controls.items() if control.type != "pulse"}
    model = create_model("Rests", __base__=Knobs, **cast(Any, {name: _rest(name, known[name]) for name in known}))
    made = validate(model, value, {})
    return {f"/{name}": known[name].accept(getattr(made, name)) for name in made.model_fields_set}


def _rest(name: str, control: Control) -> tuple[Any, Any]:
    either = AliasChoices(name, f"/{name}")
    if control.type == "bool":
        return bool, Field(None, validation_alias=either)
    if control.type == "choice":
        return Literal[control.choices], Field(None, validation_alias=either)
    number = int if control.type == "int" else float
    return number, Field(None, validation_alias=either, ge=control.low, le=control.high)


Rests = Annotated[Mapping[str, float], PlainValidator(_rests, json_schema_input_type=dict[str, bool | float | str])]


class Wall(Table):
    """A picture surface with a playlist of its own: on which display, and which pieces by name. The grammar is fixed;
    a show has one wall for now, which needs no table."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = Field(
        description='a name of small letters and digits, such as name = "left"'
    )
    display: int = Field(0, ge=0, le=31)
    pieces: tuple[str, ...] = Field((), max_length=256)


class Piece(Table):
    """What hangs. ``controls`` and ``rests`` hold what every show has, too."""

    name: Annotated[str, AfterValidator(one_line)] = Field(
        min_length=1, max_length=64, description='a name, such as name = "sitters"'
    )
    duration: Seconds = Field(ge=1.0, le=DAY, description='a time, such as duration = "4 min"')
    generator: Annotated[GeneratorConfig, PlainValidator(partial(_part, "generator"))] = Field(
        description="a table, such as generator = { kind = ... }"
    )
    walk: Annotated[WalkConfig, PlainValidator(partial(_part, "walk"))] = Field(
        description="a table, such as walk = { kind = ... }"
    )
    hang: Hang = "bleed"
    label: Label
    transition: Change = Field(cast(Any, None), validate_default=True)
    """How this piece comes on; the show's without."""
    poster: PicturePath | None = None
    wires: tuple[Wire, ...] = Field((), alias="wire", max_length=256)
    set_: Annotated[
        Mapping[str, float], PlainValidator(_rests, json_schema_input_type=dict[str, bool | float | str])
    ] = Field(cast(Any, {}), alias="set")

    _fixed: tuple[Control, ...] = PrivateAttr(())

    def model_post_init(self, context: Any, /) -> None:
        self._fixed = context["reading"].fixed

    @model_validator(mode="after")
    def _walks_where_it_can(self) -> Self:
        try:
            self.walk.check(self.generator)
        except PartError as error:
            found = Finding(("walk",), shown(self.walk.kind), "a walk that this generator allows", str(error))
            raise Unfit([found]) from error
        return self

    def controls(self) -> dict[str, Control]:
        """Every control that counts while it hangs, by address."""
        return table((*self._fixed, *self.generator.controls(), *self.walk.controls()))

    def title_in(self, language: str) -> str:
        """What visitors know it by: its label's title, or its name where there is none."""
        return self.label.title.get(language) or self.name

    def rests(self) -> Values:
        """Where each control rests while it hangs: at its default, or as ``[piece.set]`` says. Without the pulses."""
        defaults = {one.address: one.default for one in self.controls().values() if one.type != "pulse"}
        return {**defaults, **self.set_}
