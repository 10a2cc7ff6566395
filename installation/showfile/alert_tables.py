"""``[alerts]``: who is told of trouble, and how. Without the table nobody is: no connection is made to anywhere.

What is secret, a password or an address with a key in it, is named by an environment variable or a file.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo, model_validator

from installation.core.addresses import is_loopback
from installation.core.durations import Seconds
from installation.core.errors import AlertError, Refused
from installation.core.paths import beside
from installation.showfile.messages import Finding, Unfit
from installation.showfile.parts import Table

LARGEST = 4096
"""Bytes of a file with a secret that are read."""

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that stands in the show file, in an environment variable or in the first line of a file."""

    text: str = field(default="", repr=False)
    variable: str = ""
    file: Path | None = None

    def read(self) -> str:
        """The text. Raises AlertError where it is not there."""
        if self.file is not None:
            return self._first_line(self.file)
        if not self.variable:
            return self.text
        found = os.environ.get(self.variable, "")
        if not found:
            raise AlertError(f"the environment has no {self.variable}; set it where the show is started")
        return found

    def _first_line(self, file: Path) -> str:
        try:
            with file.open("rb") as opened:
                found = opened.read(LARGEST).decode("utf-8", "replace").split("\n")[0].strip()
        except OSError as error:
            raise AlertError(f"{file}: cannot be read ({error.strerror or error})") from error
        if not found:
            raise AlertError(f"{file}: found nothing in its first line")
        return found


def _named(value: object, info: ValidationInfo, expected: str) -> Secret:
    if isinstance(value, dict) and len(value) == 1:
        if isinstance(value.get("env"), str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", value["env"]):
            return Secret(variable=value["env"])
        if "file" in value:
            return Secret(file=beside(value["file"], info))
    raise Refused(expected, found="text" if isinstance(value, str) else "")


def _password(value: object, info: ValidationInfo) -> Secret:
    return _named(value, info, '{ env = "NAME" } or { file = "PATH" }: a password does not stand in a show file')


def _address(value: object, info: ValidationInfo) -> Secret:
    if not isinstance(value, str):
        return _named(value, info, 'an address in quotes, { env = "NAME" } or { file = "PATH" }')
    check_address(value)
    return Secret(value)


def check_address(url: str) -> str:
    """The address itself. Raises Refused for one that is no page's, or sends in the clear to another network."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        raise Refused('an address such as "https://example.org/hook"')
    if parts.scheme == "http" and not _is_near(host):
        raise Refused("https://, as http:// can be read on its way; it is for this machine and its own networks")
    return url


def _is_near(host: str) -> bool:
    try:
        return is_loopback(host) or ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith(".local")


def _mailbox(address: str) -> str:
    if not re.fullmatch(r"[^\s@,;<>\"]{1,64}@[A-Za-z0-9.-]{1,253}", address):
        raise Refused('an address of e-mail, such as "curator@museum.example"')
    return address


def _host(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|[0-9a-fA-F:]{2,45}", name):
        raise Refused('the name of a mail server, such as "smtp.museum.example"')
    return name


Password = Annotated[Secret, PlainValidator(_password, json_schema_input_type=dict[str, str])]
Address = Annotated[Secret, PlainValidator(_address, json_schema_input_type=str | dict[str, str])]
Mailbox = Annotated[str, AfterValidator(_mailbox)]


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class Email(Table):
    """How e-mail is sent: by a mail server that takes it from this machine."""

    model_config = ConfigDict(title="email", arbitrary_types_allowed=True)

    host: Annotated[str, AfterValidator(_host)] = Field(description='a server, such as host = "smtp.museum.example"')
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = Field("", max_length=256)
    password: Password | None = None
    from_: Mailbox = Field(alias="from", description='the sender, such as from = "wall@museum.example"')
    to: Annotated[tuple[Mailbox, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])] = Field(
        min_length=1, max_length=16, description='who gets it, such as to = "curator@museum.example"'
    )

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if bool(self.user) != (self.password is not None):
            missing, there = ("password", "user") if self.user else ("user", "password")
            raise Unfit([Finding((there,), "no " + missing, f"both user and password, or neither: add {missing}")])
        if self.user and self.security == "none" and not is_loopback(self.host):
            raise Unfit([Finding(("security",), '"none"', '"starttls" or "tls", as a password is sent')])
        return self


class Alerts(Table):
    """Who is told of trouble. ``after``: what is gone within this time is not told. ``every``: at most one message
    about the same subject in this time, besides that it is over. ``alive`` is asked for every ``alive_every`` while the
    show is well: who watches it notices when that stops."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    webhook: Address | None = None
    email: Email | None = None
    alive: Address | None = None
    alive_every: Seconds = Field(300.0, ge=10.0, le=DAY)
    after: Seconds = Field(30.0, ge=0.0, le=3600.0)
    every: Seconds = Field(1800.0, ge=60.0, le=DAY)

    @property
    def wanted(self) -> bool:
        """Whether anything is to be sent."""
        return any((self.webhook, self.email, self.alive))

    def warnings(self) -> tuple[str, ...]:
        """A sentence for each secret that is not there now."""
        secrets = {"webhook": self.webhook, "alive": self.alive}
        secrets["email.password"] = self.email.password if self.email else None
        return tuple(f"alerts.{key}: {why}" for key, secret in secrets.items() if secret and (why := _lacks(secret)))


def _lacks(secret: Secret) -> str:
    try:
        secret.read()
    except AlertError as error:
        return str(error)
    return ""
