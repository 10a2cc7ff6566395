"""The reports of past days, for a browser on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web_driver import Driver, Visitor


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Driver]:
    with Driver(tmp_path) as driver:
        yield driver


def test_days_are_listed_and_shown_to_this_machine_alone(web: Driver, tmp_path: Path) -> None:
    with Visitor(web.port) as visitor:
        assert "There is none yet" in visitor.get("/reports/").text
        (tmp_path / "reports").mkdir()
        (tmp_path / "reports" / "2027-05-21.html").write_text("<!doctype html><p>a day</p>")
        (tmp_path / "reports" / "2027-05-22.html").write_text("<!doctype html><p>another</p>")
        (tmp_path / "reports" / "notes.html").write_text("no report")
        listed = visitor.get("/reports/").text
        assert listed.index("/reports/2027-05-22.html") < listed.index("/reports/2027-05-21.html")
        assert "notes" not in listed
        shown = visitor.get("/reports/2027-05-21.html")
        assert "a day" in shown.text
        assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert "unsafe" not in visitor.get("/reports/").headers["Content-Security-Policy"]
        for nothing in ("/reports/2027-05-23.html", "/reports/notes.html", "/reports/..%2fvotes.sqlite3"):
            assert visitor.get(nothing).status == 404
        for away in ("/reports/", "/reports/2027-05-21.html"):
            assert visitor.get(away, **{"X-Forwarded-For": "192.0.2.1"}).status == 404
