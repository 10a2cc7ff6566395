"""The visitors' page as HTML. Pure: a scene in, text out. The browser's script only puts the same parts in place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from installation.web.messages import Hello, Piece, Playback, Text
from installation.web.words import RIGHT_TO_LEFT, Tongue, languages

PICTURE, THUMB = 640, 160
"""Widths (pixels) of the poster of what hangs, and of a candidate's."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one visitor's page shows. ``round`` is the open round's id (0: none), ``votes`` the tally in its order,
    ``mine`` the visitor's own choice, ``left`` the seconds until the vote closes, ``notice`` a key of words.json."""

    hello: Hello
    playback: Playback | None
    tongue: Tongue
    round: int = 0
    votes: Mapping[str, int] | None = None
    mine: str | None = None
    left: float | None = None
    notice: str = ""
    live: bool = False
    version: int = 0

    @property
    def query(self) -> str:
        """Keeps the language that the visitor asked for."""
        return f"?lang={quote(self.tongue.asked)}" if self.tongue.asked else ""


def parts(scene: Scene) -> dict[str, str]:
    """The page's changing parts: element id -> its inner HTML."""
    return {"now": _now(scene), "ask": _ask(scene), "status": _status(scene), "ballot": _ballot(scene)}


def page(scene: Scene, assets: Mapping[str, str]) -> str:
    """The whole page. ``assets`` maps the names of the files in ``static/`` to their addresses."""
    part = parts(scene)
    say = _speaker(scene.tongue)
    body = f"""<header><p>{_words(scene.hello.title, scene.tongue)}</p></header>
<main data-version="{scene.version}" data-failed="{say("broken")}">
{_live(scene) if scene.live else ""}<section id="now" class="label" aria-labelledby="title">{part["now"]}</section>
<section id="vote" aria-labelledby="question">
<div id="ask">{part["ask"]}</div>
<p id="status" role="status">{part["status"]}</p>
<form id="ballot" method="post" action="/vote{escape(scene.query)}#vote">{part["ballot"]}</form>
<p id="refresh"><a class="plain" href="/{escape(scene.query)}">{say("refresh")}</a></p>
</section>
</main>
<footer>
<p>{say("privacy")}</p>
{_languages(scene)}
</footer>"""
    return _document(scene, body, assets, script=True)


def lost(scene: Scene, assets: Mapping[str, str], key: str = "lost") -> str:
    """A page that only says what is wrong (a key of words.json) and leads back."""
    say = _speaker(scene.tongue)
    body = f"""<header><p>{_words(scene.hello.title, scene.tongue)}</p></header>
<main><section class="label"><h1>{say(key)}</h1>
<p><a class="plain" href="/{escape(scene.query)}">{say("home")}</a></p></section></main>"""
    return _document(scene, body, assets)


def preview(scene: Scene, assets: Mapping[str, str]) -> str:
    """The live picture and nothing else."""
    return _document(scene, f'<main class="preview">{_moving(scene)}</main>', assets)


def _document(scene: Scene, body: str, assets: Mapping[str, str], script: bool = False) -> str:
    title, _ = scene.tongue.text(scene.hello.title)
    language = scene.tongue.page
    code = f'<script src="{assets["live.js"]}" defer></script>\n' if script else ""
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#f4f1ea">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#171512">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{assets["web.css"]}">
<link rel="icon" href="{assets["icon.svg"]}">
{code}</head>
<body>
{body}
</body>
</html>
"""


def _now(scene: Scene) -> str:
    say = _speaker(scene.tongue)
    if scene.playback is None:
        return f'<h1 id="title">{say("opening")}</h1>'
    piece = scene.hello.piece(scene.playback.piece)
    lines = [
        "" if scene.live else _poster(piece, PICTURE),
        f'<p class="eyebrow">{say("now")}</p>',
        f'<h1 id="title">{_words(piece.title, scene.tongue)}</h1>',
        _paragraph("medium", _joined(_words(piece.medium, scene.tongue), _words(piece.date, scene.tongue))),
        _paragraph("text", _words(piece.text, scene.tongue)),
    ]
    if scene.playback.coming is not None:
        coming = _words(scene.hello.piece(scene.playback.coming).title, scene.tongue)
        lines.append(_paragraph("coming", _around(scene.tongue, "coming", "title", coming)))
    return "".join(lines)


def _ask(scene: Scene) -> str:
    say = _speaker(scene.tongue)
    question = f'<h2 id="question">{say("ask")}</h2>'
    if scene.round:
        return question + _paragraph("clock", _clock(scene))
    changing = scene.playback is None or scene.playback.coming is not None
    return question + _paragraph("clock", say("changing" if changing else "quiet"))


def _clock(scene: Scene) -> str:
    if scene.left is None:
        return _speaker(scene.tongue)("untimed")
    minutes = round(scene.left / 60.0)
    about = scene.tongue.words("minutes", minutes=str(minutes)) if minutes else scene.tongue.words("minute")
    clock = f'<time datetime="PT{scene.left:.0f}S" data-left="{scene.left:.1f}">{escape(about)}</time>'
    return _around(scene.tongue, "closes", "time", clock)


def _status(scene: Scene) -> str:
    say = _speaker(scene.tongue)
    if scene.notice:
        return f'<span class="notice">{say(scene.notice)}</span>'
    if not scene.round:
        return ""
    if scene.mine is None:
        return say("hint")
    return _around(scene.tongue, "voted", "title", _words(scene.hello.piece(scene.mine).title, scene.tongue))


def _ballot(scene: Scene) -> str:
    if not scene.round:
        return ""
    votes = scene.votes or {}
    most = max(1, sum(votes.values()))
    rows = "".join(_candidate(scene, name, count, most) for name, count in votes.items())
    return f'<input type="hidden" name="round" value="{scene.round}"><ul>{rows}</ul>'


def _candidate(scene: Scene, name: str, votes: int, total: int) -> str:
    say = _speaker(scene.tongue)
    piece = scene.hello.piece(name)
    mine = name == scene.mine
    words = f'<span class="title">{_words(piece.title, scene.tongue)}</span>'
    if medium := _words(piece.medium, scene.tongue):
        words += f'<span class="medium">{medium}</span>'
    if mine:
        words += f'<span class="yours">{say("yours")}</span>'
    return (
        f'<li><button name="choice" value="{escape(name)}" aria-pressed="{"true" if mine else "false"}">'
        f'{_poster(piece, THUMB)}<span class="words">{words}</span>'
        f'<span class="count"><span class="unseen">{say("votes")} </span><b>{votes}</b></span>'
        f'<progress max="{total}" value="{votes}" aria-hidden="true"></progress></button></li>'
    )


def _poster(piece: Piece, width: int) -> str:
    if piece.poster is None:
        return ""
    return f'<img class="poster" src="/poster/{quote(piece.name, safe="")}?width={width}" alt="">'


def _live(scene: Scene) -> str:
    """Can be put away, as what moves for more than five seconds must be; without motion where none is wanted."""
    return f'<details class="live" open><summary>{_speaker(scene.tongue)("live")}</summary>{_moving(scene)}</details>\n'


def _moving(scene: Scene) -> str:
    alt = _speaker(scene.tongue)("live_alt")
    return (
        '<picture><source media="(prefers-reduced-motion: reduce)" srcset="/preview.jpg">'
        f'<img src="/preview.mjpeg" alt="{alt}" width="640" height="360"></picture>'
    )


def _languages(scene: Scene) -> str:
    names = {tag: words["name"] for tag, words in languages().items()}
    names |= {tag: tag for tag in scene.hello.languages if tag not in names}
    current = scene.tongue.asked or scene.tongue.page
    here = {current: ' aria-current="true"'}
    links = "".join(
        f'<li><a href="/?lang={quote(tag)}" lang="{escape(tag)}"{here.get(tag, "")}>{escape(name)}</a></li>'
        for tag, name in names.items()
    )
    return f'<nav aria-label="{_speaker(scene.tongue)("language")}"><ul>{links}</ul></nav>'


def _speaker(tongue: Tongue) -> Callable[[str], str]:
    """The page's own words, escaped."""
    return lambda key: escape(tongue.words(key))


def _words(text: Text, tongue: Tongue) -> str:
    """A text of the show, marked with its language where that is not the page's."""
    words, tag = tongue.text(text)
    if not words or tag in ("", tongue.page):
        return escape(words)
    direction = ' dir="rtl"' if tag.partition("-")[0].lower() in RIGHT_TO_LEFT else ""
    return f'<span lang="{escape(tag)}"{direction}>{escape(words)}</span>'


def _around(tongue: Tongue, key: str, name: str, inner: str) -> str:
    """Own words around something that is HTML already."""
    return escape(tongue.words(key, **{name: "\0"})).replace("\0", inner)


def _joined(*found: str) -> str:
    return ", ".join(filter(None, found))


def _paragraph(kind: str, inner: str) -> str:
    return f'<p class="{kind}">{inner}</p>' if inner else ""
