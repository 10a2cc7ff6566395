"""The tables of a show file: frozen, ranged, unknown keys refused. What they may name is checked against the
``Reading`` in the validation context, so that each fault stands at its own key."""

import ipaddress
import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
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
from installation.core.sizes import Size
from installation.core.words import FIRST, blanks, languages
from installation.showfile.messages import Finding, Unfit, shown, validate
from installation.showfile.parts import Table, Transition, read_change, read_part, reading_of
from installation.showfile.wires import Out, Rests, Wire, even_control

Order = Literal["listed", "shuffle", "votes"]
Hang = Literal["bleed", "wall"]

DAY = 86400.0
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
PICTURES = (".jpg", ".jpeg", ".png", ".webp")


# ---------------------------------------------------------------- fields


class Texts(Table):
    model_config = ConfigDict(title="language")


def _words(value: object, info: ValidationInfo) -> dict[str, str]:
    """A text for every language: one text counts for all, one that is not translated is as in the first language."""
    languages = reading_of(info).languages
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # date = 2026
    if isinstance(value, str):
        return dict.fromkeys(languages, value)
    if not isinstance(value, dict) or not value:
        raise Refused(f'text, or a table such as {{ {languages[0]} = "..." }}')
    texts = validate(_texts(languages), value, {}).model_dump(exclude_unset=True)
    first = next(texts[language] for language in languages if language in texts)
    return {language: texts.get(language, first) for language in languages}


@cache
def _texts(languages: tuple[str, ...]) -> type[Texts]:
    """A table with a text for each of them: made once for all texts of a show."""
    made: type[Texts] = create_model("Words", __base__=Texts, **cast(Any, dict.fromkeys(languages, (str, ""))))
    return made


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
    memory: Size | None = Field(None, ge=0)
    """What the models of its pieces may take in memory; half of the machine's without."""


class StageTable(Table):
    brightness: float = Field(1.0, ge=0.0, le=1.0)
    rotate: Annotated[Seconds, AfterValidator(_calm)] = Field(20.0, le=DAY)
    """How long each of three or more languages stands on the labels; 0 stays with the first."""
    burn_in: bool = True
    """Whether the cards move by a few pixels over minutes, and what has stood still for an hour is dimmed."""
    panel: bool | None = None
    """Whether the vote panel is drawn. The show's reader puts a default by its order."""


class Web(Table):
    enabled: bool = True
    bind: Bind = "127.0.0.1"
    port: Port = 8080
    url: Annotated[str, AfterValidator(_url)] = ""
    room_code: bool = False
    votes_per_address: Annotated[int, Field(ge=1, le=100_000)] = 300

    def keeps_phones_away(self, at: str = "") -> str:
        """Why no phone reaches the page, and the line to write; empty where these settings let phones connect. ``at``
        is the page's actual address, once that is known."""
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
            findings += [finding for key, text in words.items() if (finding := _unfit_words(tag, key, text, known))]
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


def _pin(pin: str) -> str:
    if pin and not 6 <= len("".join(pin.split())) <= 64:
        raise Refused("6 to 64 letters or digits, or nothing: then the log says one")
    return pin


class Operator(Table):
    enabled: bool = True
    bind: Bind = "127.0.0.1"
    port: Port = 8000
    surfaces: tuple[Annotated[str, AfterValidator(_surface)], ...] = Field((), max_length=32)
    allow: tuple[Annotated[str, AfterValidator(_allowed)], ...] = Field((), max_length=256)
    release: Seconds = Field(30.0, ge=0.0, le=DAY)
    guard: Seconds = Field(0.3, ge=0.0, le=10.0)
    """Within this time of a command, the same one again is a double press and does not count."""
    arm: bool = False
    """Whether blackout and panic have to be armed first, at /show/arm."""
    bundles: bool = True
    """Whether surfaces are told many values in one packet; without, each in its own, as some programs read no more."""
    tcp: bool = False
    """Whether OSC is heard over TCP too, at the same port."""
    oscquery: bool = False
    """Whether programs may ask over OSCQuery what there is to move."""
    oscquery_port: Port = 8001
    console: Literal["off", "local", "network"] = "local"
    """Who may open the operators' page on the web process: nobody, this machine, or all who reach [web] and have the
    PIN."""
    pin: Annotated[str, AfterValidator(_pin)] = ""
    """The console's PIN or password; without one the log says one that was made for this show."""


class Label(Table):
    title: Words = Field(cast(Any, ""), validate_default=True)
    medium: Words = Field(cast(Any, ""), validate_default=True)
    date: Words = Field(cast(Any, ""), validate_default=True)
    text: Words = Field(cast(Any, ""), validate_default=True)


def _part(room: str, value: object, info: ValidationInfo) -> Any:
    return read_part(room, value, info.context or {})


class Wall(Table):
    """A picture surface with a playlist of its own: on which display, and which pieces by name. The grammar is fixed;
    a show has one wall for now, which needs no table."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = Field(
        description='a name of small letters and digits, such as name = "left"'
    )
    display: int = Field(0, ge=0, le=31)
    pieces: tuple[str, ...] = Field((), max_length=256)


def _named(words: Mapping[str, str]) -> Mapping[str, str]:
    if not all(text.strip() for text in words.values()):
        raise Refused('a name for visitors, such as "older"')
    return words


Named = Annotated[Words, AfterValidator(_named)]


class Pair(Table):
    """What visitors may ask of the picture while it hangs: less or more of a control, each with a name. All of them
    together pull it at most to ``out``; what is not given is its whole range."""

    control: Annotated[str, AfterValidator(even_control)] = Field(description='a control, such as "generator/psi"')
    less: Named = Field(description='the name of the one side, such as less = "younger"')
    more: Named = Field(description='the name of the other side, such as more = "older"')
    out: Out = Field(cast(Any, None), validate_default=True)

    @property
    def address(self) -> str:
        """The control's, as the control table has it."""
        return f"/{self.control}"

    def less_in(self, language: str) -> str:
        return self.less.get(language, next(iter(self.less.values()), ""))

    def more_in(self, language: str) -> str:
        return self.more.get(language, next(iter(self.more.values()), ""))


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
    pairs: tuple[Pair, ...] = Field((), alias="pair", max_length=4)
    set_: Rests = Field(cast(Any, {}), alias="set")

    _fixed: tuple[Control, ...] = PrivateAttr(())
    _controls: Mapping[str, Control] | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        self._fixed = context["reading"].fixed

    @model_validator(mode="after")
    def _walks_where_it_can(self) -> Self:
        try:
            self.walk.check(self.generator)
        except PartError as error:
            finding = Finding(("walk",), shown(self.walk.kind), "a walk that this generator allows", str(error))
            raise Unfit([finding]) from error
        return self

    def controls(self) -> Mapping[str, Control]:
        """Every control that counts while it hangs, by address; found once, as a generator may read its model's file
        for them."""
        if self._controls is None:
            self._controls = table((*self._fixed, *self.generator.controls(), *self.walk.controls()))
        return self._controls

    def is_as(self, other: "Piece") -> bool:
        """Whether the file says the same of both; what every show has may differ."""
        return all(getattr(self, name) == getattr(other, name) for name in type(self).model_fields)

    def title_in(self, language: str) -> str:
        """What it is called for visitors: its label's title, or its name where there is none."""
        return self.label.title.get(language) or self.name

    def rests(self) -> Values:
        """Where each control rests while it hangs: at its default, or as ``[piece.set]`` says. Without the pulses."""
        defaults = {one.address: one.default for one in self.controls().values() if one.type != "pulse"}
        return {**defaults, **self.set_}
