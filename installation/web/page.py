"""The visitors' page as HTML, from the templates in ``templates/``. Pure: a scene in, text out. The browser's script
only puts the same parts in place."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from installation.core.decision import Lean
from installation.core.words import RIGHT_TO_LEFT
from installation.web.leanings import LASTS
from installation.web.messages import Hello, Liked, Piece, Playback, Text
from installation.web.outcome import Outcome
from installation.web.visitor_languages import VisitorLanguages

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

STATIC = Path(__file__).with_name("static")
INLINE = ("web.css", "live.js")
"""Files of ``static/`` that are part of the page itself, and have no address."""

PARTS = ("notice", "now", "like", "lean", "ask", "status", "ballot")
"""The page's changing parts: each is an element's id and a template's name."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one visitor's page shows. ``round`` is the open round's id (0: none), ``votes`` the tally in its order,
    ``mine`` the visitor's own choice, ``left`` the seconds until the vote closes, ``notice`` a key of words.json;
    ``uncounted`` says that votes cannot be kept now, ``outcome`` how the piece was chosen, ``admitted`` whether this
    visitor may vote. ``wishes`` are the visitor's own for the picture (-1 or 1 by address), ``leans`` those of all.
    ``likes`` are how many like the picture and how many do not, ``opinion`` is the visitor's own (1, -1, or 0 for
    none), ``liked`` what the app remembers."""

    hello: Hello
    playback: Playback | None
    languages: VisitorLanguages
    round: int = 0
    votes: Mapping[str, int] | None = None
    mine: str | None = None
    left: float | None = None
    notice: str = ""
    live: bool = False
    uncounted: bool = False
    version: int = 0
    outcome: Outcome | None = None
    admitted: bool = True
    wishes: Mapping[str, int] = field(default_factory=dict)
    leans: Mapping[str, Lean] = field(default_factory=dict)
    likes: tuple[int, int] = (0, 0)
    opinion: int = 0
    liked: Liked = field(default_factory=partial(Liked, 0))

    @property
    def query(self) -> str:
        """Keeps the language that the visitor asked for."""
        return f"?lang={quote(self.languages.asked)}" if self.languages.asked else ""


def parts(scene: Scene) -> dict[str, str]:
    """The page's changing parts: element id -> its inner HTML."""
    known = _context(scene)
    return {part: environment().get_template(f"{part}.html").render(known) for part in PARTS}


def page(scene: Scene, assets: Mapping[str, str]) -> str:
    """The whole page. ``assets`` maps the names of the files in ``static/`` to their addresses."""
    return _render("page", scene, assets)


def lost(scene: Scene, assets: Mapping[str, str], key: str = "lost") -> str:
    """A page with an error message only (a key of words.json) and a link back."""
    return _render("lost", scene, assets, key=key)


def reports(scene: Scene, assets: Mapping[str, str], days: Sequence[str]) -> str:
    """The list of days that have a report."""
    return _render("reports", scene, assets, days=days)


def portraits(scene: Scene, assets: Mapping[str, str], shown: Sequence[tuple[Any, Piece]]) -> str:
    """The portraits of the last days, each with the piece that painted it."""
    return _render("portraits", scene, assets, shown=shown)


def preview(scene: Scene, assets: Mapping[str, str]) -> str:
    """The live picture and nothing else."""
    return _render("preview", scene, assets)


@cache
def environment() -> "Environment":
    """The templates, which escape all that is put into them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # imported here: visitors may come before

    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["quoted"] = lambda name: quote(name, safe="")
    made.globals["inline"] = inline
    return made


@cache
def inline(name: str) -> "Markup":
    """A file of ``static/`` as it stands within the page, which then comes in one round trip."""
    from markupsafe import Markup

    return Markup((STATIC / name).read_text("utf-8"))


@cache
def inline_source(name: str) -> str:
    """What a Content-Security-Policy says to allow that file within the page (CSP level 2, section 5.5: a digest)."""
    return f"'sha256-{b64encode(sha256((STATIC / name).read_bytes()).digest()).decode()}'"


def _render(template: str, scene: Scene, assets: Mapping[str, str], **more: Any) -> str:
    return environment().get_template(f"{template}.html").render(_context(scene), assets=assets, **more)


def _context(scene: Scene) -> dict[str, Any]:
    """What the templates are given: the scene, and the functions that put it into words."""
    from markupsafe import Markup

    say, votes = _speaker(scene.languages), scene.votes or {}
    names = {tag: words["name"] for tag, words in scene.languages.known.items()}
    known: dict[str, Any] = {
        "scene": scene,
        "say": say,
        "text": lambda text: _text(text, scene.languages),
        "plain": lambda text: scene.languages.text(text)[0],
        "joined": lambda *parts: Markup(", ").join(filter(None, parts)),
        "direction": _direction,
        "languages": names | {tag: tag for tag in scene.hello.languages if tag not in names},
        "current": scene.languages.asked or scene.languages.page,
        "total": max(1, sum(votes.values())),
        "clock": "",
        "lasts": f"{LASTS:.0f}",
    }
    if scene.left is not None:
        known["clock"] = Markup(environment().get_template("clock.html").render(known))
    return known


def _speaker(wanted: VisitorLanguages) -> "Callable[..., Markup]":
    """The page's own words, around values that are HTML already or are escaped."""
    from markupsafe import Markup, escape

    return lambda key, **values: Markup(escape(wanted.words(key))).format(**values)


def _text(text: Text, wanted: VisitorLanguages) -> "Markup":
    """A text of the show, marked with its language where that is not the page's, and with its direction where the page
    goes the other way."""
    from markupsafe import Markup, escape

    words, tag = wanted.text(text)
    if not words or tag in ("", wanted.page):
        return escape(words)
    way = _direction(tag) or (Markup(' dir="ltr"') if _direction(wanted.page) else "")
    return Markup('<span lang="{}"{}>{}</span>').format(tag, way, words)


def _direction(tag: str) -> "Markup":
    from markupsafe import Markup

    return Markup(' dir="rtl"' if tag.partition("-")[0].lower() in RIGHT_TO_LEFT else "")
