"""Messages to servers of ours: taken, refused, not there; queues that try again; nothing secret in what is told."""

import email
import email.policy
import re
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installation.alerts import sending
from installation.alerts.channels import QUEUE, Alive, Channel
from installation.alerts.notices import Notice
from installation.app import main
from installation.core.backoff import Backoff
from installation.core.errors import AlertError
from installation.core.parts import ROOT
from installation.showfile.alert_tables import Alerts, Secret
from installation.showfile.messages import validate
from tests.stand_ins import Mail, Web, serving
from tests.timeout import until

NOTICE = Notice("trouble", "error", "the show", "the show stood still\nfor 3 s", 1.0e9, 31.0)


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with serving(server):
        yield server


@pytest.fixture
def mail() -> Iterator[Mail]:
    server = Mail()
    with serving(server):
        yield server


def settings(folder: Path, **more: Any) -> Alerts:
    return validate(Alerts, more, {"folder": folder})


def letters(folder: Path, mail: Mail) -> Any:
    (folder / "smtp").write_text("night watch\nnot this line\n")
    table = {"host": "127.0.0.1", "port": mail.port, "security": "none", "from": "wall@museum.example"}
    table |= {"to": ["a@museum.example", "b@museum.example"], "user": "wall", "password": {"file": "smtp"}}
    return settings(folder, email=table).email


def test_a_webhook_is_posted(web: Web) -> None:
    sending.webhook(Secret(f"{web.url}/hook"), NOTICE, "The show")
    (body,) = web.posted
    assert (body["event"], body["subject"], body["show"], body["lasted_s"]) == ("trouble", "the show", "The show", 31.0)


@pytest.mark.parametrize(("status", "words"), [(500, "answered 500"), (301, "answered 301"), (307, "answered 307")])
def test_what_is_not_taken_is_told_and_no_redirection_followed(web: Web, status: int, words: str) -> None:
    web.status = status
    with pytest.raises(AlertError, match=words) as error:
        sending.webhook(Secret(f"{web.url}/key-123"), NOTICE, "The show")
    assert "key-123" not in str(error.value), "the address may be a secret"
    assert web.tries == 1


def test_nobody_there_is_told_without_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(AlertError, match=f"127.0.0.1:{port} was not reached"):
        sending.alive(Secret(f"http://127.0.0.1:{port}/key-123"))


def test_a_letter_is_sent_after_a_login_with_a_password_from_a_file(tmp_path: Path, mail: Mail) -> None:
    sending.email(letters(tmp_path, mail), NOTICE, "The show")
    ((sender, recipients, text),) = mail.letters
    assert "wall@museum.example" in sender
    assert len(recipients) == 2
    letter = email.message_from_string(text, policy=email.policy.default)
    assert letter["Subject"] == "The show: the show stood still\ufffdfor 3 s"
    assert "subject: the show\n" in letter.get_content().replace("\r\n", "\n")


def test_a_refused_login_is_told_without_the_password(tmp_path: Path, mail: Mail) -> None:
    mail.refuse = "535 wrong: night watch"
    with pytest.raises(AlertError, match=r"refused the user or the password: 535") as error:
        sending.email(letters(tmp_path, mail), NOTICE, "The show")
    assert "night watch" not in str(error.value)


def test_a_secret_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NO_HOOK", raising=False)
    found = settings(tmp_path, webhook={"env": "NO_HOOK"})
    assert found.warnings() == ("alerts.webhook: the environment has no NO_HOOK; set it where the show is started",)
    monkeypatch.setenv("NO_HOOK", "ftp://x/secret")
    assert found.warnings() == ()
    assert found.webhook is not None
    with pytest.raises(AlertError, match="NO_HOOK holds no address") as error:
        sending.webhook(found.webhook, NOTICE, "The show")
    assert "secret" not in str(error.value)


def test_a_channel_tries_again_and_keeps_the_order(web: Web) -> None:
    web.status = 503
    channel = Channel("webhook", lambda notice: sending.webhook(Secret(web.url), notice, "s"), Backoff(0.01, 0.05))
    channel.start()
    for what in ("first", "second"):
        channel.put(Notice("trouble", "error", what, what, 0.0))
    until(lambda: web.tries >= 3, "tries")
    assert "answered 503" in channel.trouble
    web.status = 200
    until(lambda: len(web.posted) == 2, "both")
    assert [body["what"] for body in web.posted] == ["first", "second"]
    until(lambda: not channel.trouble, "no trouble")
    channel.close(5.0)


def test_a_channel_holds_no_more_than_its_queue() -> None:
    sent: list[Notice] = []
    channel = Channel("x", sent.append)
    for at in range(QUEUE + 5):
        channel.put(Notice("trouble", "error", str(at), "", 0.0))
    channel.start()
    channel.close(30.0)
    assert [notice.subject for notice in sent] == [str(at) for at in range(5, QUEUE + 5)]


def test_alive_is_asked_for_while_all_is_well(web: Web) -> None:
    alive = Alive(lambda: sending.alive(Secret(f"{web.url}/ping")), every=0.02)
    alive.start()
    alive.tell(True)
    until(lambda: len(web.asked) > 2, "pings")
    web.status = 500
    until(lambda: "answered 500" in alive.trouble, "trouble")
    web.status = 200
    until(lambda: not alive.trouble, "no trouble")
    alive.close()


SHOW = """
[show]
title = "Try-out"

[[piece]]
name = "one"
duration = "1 min"
generator = {{ kind = "plasma" }}
walk = {{ kind = "wander" }}

[alerts]
{alerts}
"""


def test_trying_it_out_tells_how_each_went(tmp_path: Path, web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    show = tmp_path / "show.toml"
    show.write_text(SHOW.format(alerts=f'webhook = "{web.url}/hook"\nalive = "{web.url}/ping"'))
    assert main([str(show), "--test-alerts"]) == 0
    assert capsys.readouterr().out == "alerts.webhook: sent\nalerts.alive: sent\n"
    assert (web.posted[0]["event"], web.asked) == ("test", ["/ping"])
    web.status = 404
    assert main([str(show), "--test-alerts"]) == 2
    assert "alerts.alive: 127.0.0.1:" in capsys.readouterr().out
    show.write_text(SHOW.format(alerts=""))
    assert main([str(show), "--test-alerts"]) == 2
    assert "tells nobody" in capsys.readouterr().out


def test_the_page_on_exhibitions_shows_a_table_that_works(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "running-an-exhibition.md").read_text("utf-8")
    (block,) = [found for found in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[alerts]" in found]
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "hook").write_text("https://example.org/hook")
    found = settings(tmp_path, **tomllib.loads(block)["alerts"])
    assert found.webhook is not None
    assert found.webhook.read() == "https://example.org/hook"
    assert found.email is not None
    assert (found.after, found.every, found.alive_every) == (Alerts().after, Alerts().every, Alerts().alive_every)
