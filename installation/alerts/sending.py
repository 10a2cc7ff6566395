"""The ways to send: a webhook (JSON by POST), e-mail (SMTP), and a request that says "alive". Each call waits for its
answer for some seconds at most, and raises AlertError with a reason where it was not taken.

Certificates are checked; redirections are not followed, as they could lead out of https.
"""

import http.client
import json
import platform
import smtplib
import ssl
import urllib.error
import urllib.request
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from installation import __version__
from installation.alerts.notices import Notice, as_json, sentence
from installation.core.clean_text import clean
from installation.core.errors import AlertError, Refused
from installation.showfile.alert_tables import Email, Secret, check_address

TIMEOUT = 15.0
"""Seconds for a connection, and for each answer."""

ANSWER = 4096
"""Bytes of an answer that are read."""

AGENT = f"Vernissage/{__version__}"


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def webhook(address: Secret, notice: Notice, show: str) -> None:
    """Posts a notice."""
    body = json.dumps(as_json(notice, show, platform.node(), _iso(notice.since)), ensure_ascii=False).encode()
    _ask(urllib.request.Request(_url(address), body, {"Content-Type": "application/json", "User-Agent": AGENT}))


def alive(address: Secret) -> None:
    """Asks for the address."""
    _ask(urllib.request.Request(_url(address), headers={"User-Agent": AGENT}))


def _url(address: Secret) -> str:
    try:
        return check_address(address.read())
    except Refused as error:  # it came from a file or the environment; it may be secret, so it is not repeated
        raise AlertError(f"{address.variable or address.file} holds no address that can be used: {error}") from None


def _ask(request: urllib.request.Request) -> None:
    try:
        with urllib.request.build_opener(_Unfollowed).open(request, timeout=TIMEOUT) as answer:
            answer.read(ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            raise AlertError(f"{request.host} answered {error.code} {clean(str(error.reason), 60)}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AlertError(f"{request.host} was not reached ({_reason(error)})") from None


def email(settings: Email, notice: Notice, show: str) -> None:
    """Sends a notice to all recipients."""
    message = letter(settings, notice, show)
    try:
        with _server(settings) as server:
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.user and settings.password is not None:
                server.login(settings.user, settings.password.read())
            server.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if isinstance(error, AlertError):
            raise
        raise AlertError(f"{settings.host} did not take the e-mail ({_reason(error)})") from None


def _server(settings: Email) -> smtplib.SMTP:
    if settings.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)


def letter(settings: Email, notice: Notice, show: str) -> EmailMessage:
    """The e-mail about a notice."""
    host = platform.node()
    message = EmailMessage()
    message["Subject"] = clean(f"{show}: {sentence(notice)}", 150)
    message["From"], message["To"] = settings.from_, ", ".join(settings.to)
    message["Date"] = format_datetime(datetime.now().astimezone())
    message["Message-ID"] = make_msgid(domain=settings.from_.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    lines = as_json(notice, show, host, _iso(notice.since))
    del lines["text"]
    message.set_content("".join(f"{name}: {clean(str(value), 1000)}\n" for name, value in lines.items()))
    return message


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _reason(error: Exception) -> str:
    """An error in words, on one line. A login's refusal may repeat what was sent, so it is told by its code alone."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refused the user or the password: {error.smtp_code}"
    reason = getattr(error, "reason", None) or error
    return clean(getattr(reason, "strerror", None) or str(reason) or type(error).__name__, 120)
