"""A visitor of the web page who votes as a browser does: over HTTP, with the cookie that the page gave."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

TIMEOUT = 30.0
"""Seconds that an answer may take."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def vote(port: int) -> tuple[int, str]:
    """Somebody comes, votes for what the page offers first, and goes: the status of the answer, 303 where the vote is
    acknowledged, and the visitor's cookie; 0 where no round was open, or nobody answered."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        cookies = dict(_pair(cookie) for cookie in answer.headers.get_all("Set-Cookie") or ())
        page = answer.read().decode()
        ballot, choice = _field(page, "round"), _field(page, "choice")
        if not ballot or not choice:
            return 0, ""
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        connection.request("POST", "/vote", urlencode({"round": ballot, "choice": choice}), FORM | {"Cookie": jar})
        return connection.getresponse().status, cookies[f"vote{port}"]
    except (OSError, HTTPException, KeyError):
        return 0, ""
    finally:
        connection.close()


def _pair(cookie: str) -> tuple[str, str]:
    name, _, value = cookie.partition(";")[0].partition("=")
    return name, value


def _field(page: str, name: str) -> str:
    """The value of the first field of that name in the page's form."""
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]
