"""The layouts for tablets, as the web process gives them away."""

import re
from pathlib import Path

from installation.showfile.load import load
from installation.surfaces import keep_layouts
from installation.web.layouts import ADDRESS, Layouts
from tests.timeout import until
from tests.web.console_driver import entrance, log_in
from tests.web_driver import Driver, Visitor

REHEARSAL = Path(__file__).resolve().parents[2] / "shows" / "rehearsal.toml"


def test_a_running_show_gives_its_layouts(tmp_path: Path) -> None:
    with Driver(tmp_path) as driver, Visitor(driver.port) as visitor:
        assert visitor.get(ADDRESS).status == 404
        keep_layouts(load(REHEARSAL), tmp_path)
        until(lambda: (tmp_path / "show-phone.tosc").exists())
        tablet, phone = visitor.get(ADDRESS), visitor.get(f"{ADDRESS}?size=phone")
        assert (tablet.status, phone.status) == (200, 200)
        assert tablet.body == (tmp_path / "show.tosc").read_bytes() != phone.body
        assert 'filename="show.tosc"' in (tablet.headers["Content-Disposition"] or "")
        assert visitor.get(f"{ADDRESS}?size=../../votes").status == 404


def test_the_code_leads_there_with_a_key(tmp_path: Path) -> None:
    layouts = Layouts(tmp_path)
    link = layouts.link("http://192.168.1.10:8080/", "phone")
    assert re.fullmatch(r"http://192\.168\.1\.10:8080/show\.tosc\?size=phone&key=[\w-]{12}", link)
    assert layouts.code("http://192.168.1.10:8080").startswith("<svg")
    assert Layouts(tmp_path).key != layouts.key


def test_the_console_shows_the_codes_to_those_who_are_in(tmp_path: Path) -> None:
    with Driver(tmp_path, console=entrance(tmp_path)) as driver:
        with Visitor(driver.port) as stranger:
            assert stranger.get("/console/tablet").status == 403
            assert stranger.get("/console/tablet.svg?size=phone").status == 403
        with Visitor(driver.port) as operator:
            assert log_in(operator, driver.port).status == 303
            page = operator.get("/console/tablet")
            assert page.status == 200
            assert f"http://127.0.0.1:{driver.port}/show.tosc?size=phone&amp;key=" in page.text
            assert operator.get("/console/tablet.svg?size=phone").text.startswith("<svg")
            assert operator.get("/console/tablet.svg?size=wall").status == 404
