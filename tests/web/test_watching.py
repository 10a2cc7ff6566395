"""What a watcher of the show is told: health, metrics and a thumbnail, while the renderer works and while it hangs."""

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from installation.web.messages import Health, pack
from installation.web.whys import Whys
from tests.timeout import until
from tests.web_driver import Driver, Visitor


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Driver]:
    with Driver(tmp_path) as driver:
        yield driver


def metrics(web: Driver) -> dict[str, float]:
    with Visitor(web.port) as visitor:
        answer = visitor.get("/metrics")
    assert answer.status == 200
    families = text_string_to_metric_families(answer.text)
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_metrics_tell_how_the_show_stands(web: Driver) -> None:
    assert metrics(web)["vernissage_up"] == 0
    details = {"late": 3, "restarts": 2, "safe_mode": False, "memory_mb": 512.5, "piece": "reverie"}
    web.send(pack(Health(100, details=details)))
    told = until(lambda: metrics(web).get("vernissage_up") and metrics(web))
    assert told["vernissage_frames_total"] == 100
    assert told["vernissage_late_total"] == 3
    assert told["vernissage_restarts"] == 2
    assert told["vernissage_safe_mode"] == 0
    assert told["vernissage_memory_mb"] == 512.5
    assert told["vernissage_last_frame_age_seconds"] >= 0


def test_a_renderer_that_hangs_is_told_with_the_age_of_its_last_frame(web: Driver) -> None:
    """The app speaks on, as its other threads live; its count of frames does not."""

    def down() -> bool:
        web.send(pack(Health(100)))
        return metrics(web)["vernissage_up"] == 0.0 and metrics(web).get("vernissage_last_frame_age_seconds", 0.0) > 3

    until(down, "the hang")
    with Visitor(web.port) as visitor:
        answer = visitor.get("/healthz")
    assert answer.status == 503
    assert answer.json["last_frame_age_s"] >= 3  # rounded
    assert any("the picture has stood still for" in reason for reason in answer.json["reasons"])


def test_why_each_control_is_where_it_is_now_and_was(web: Driver) -> None:
    """Other numbers alone are no news."""
    for value, why in ((0.0, "at rest"), (2.5, "a wave 1 s ago"), (1.5, "a wave 2 s ago")):
        web.send(pack(Health(100, details={"controls": {"/generator/psi": (value, why)}})))

    def told() -> dict[str, Any]:
        with Visitor(web.port) as visitor:
            return dict(visitor.get("/api/why").json)

    until(lambda: told()["now"].get("/generator/psi") == {"value": 1.5, "why": "a wave 2 s ago"}, "the last sentence")
    past = told()["past"]
    assert [(said["control"], said["value"], said["why"]) for said in past] == [
        ("/generator/psi", 2.5, "a wave 1 s ago"),
        ("/generator/psi", 0.0, "at rest"),
    ]
    assert all(0 <= said["seconds_ago"] < 60 for said in past)


def test_a_sentence_is_kept_for_ten_minutes() -> None:
    whys = Whys()
    whys.hear({"/walk/speed": (1.0, "at rest")}, 0.0)
    whys.hear({"/walk/speed": (2.0, "the operator has it")}, 599.0)
    assert len(whys.told(599.0)["past"]) == 2
    whys.hear({}, 601.0)
    assert [said["why"] for said in whys.told(601.0)["past"]] == ["the operator has it"]
    assert whys.told(601.0)["now"] == whys.sentences() == {}, "a control of a piece that is gone"


def test_a_thumbnail_is_of_now_or_there_is_none(web: Driver) -> None:
    jpeg = BytesIO()
    Image.new("RGB", (32, 18), "red").save(jpeg, "JPEG")
    with Visitor(web.port) as visitor:
        assert visitor.get("/thumbnail.jpg").status == 503
        web.send(jpeg.getvalue())
        answer = until(lambda: (thumbnail := visitor.get("/thumbnail.jpg")).status == 200 and thumbnail, "a thumbnail")
        assert answer.body == jpeg.getvalue()
        assert float(answer.headers["X-Age-Seconds"]) <= 1.0
        time.sleep(1.1)
        assert visitor.get("/thumbnail.jpg").status == 503
