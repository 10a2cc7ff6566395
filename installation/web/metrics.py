"""The content of ``/metrics``: the show's state, in the text format of Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from installation.web.service import Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def written(service: Service, now: float) -> bytes:
    """All metrics at ``now`` (s, monotonic)."""
    registry = CollectorRegistry()
    registry.register(Standing(service, now))
    return generate_latest(registry)


class Standing(Collector):
    """The numbers of one moment."""

    def __init__(self, service: Service, now: float) -> None:
        self.service, self.now = service, now

    def collect(self) -> Iterator[Metric]:
        service, show = self.service, self.service.show
        yield _gauge("up", "1 while all is well, 0 where /healthz has reasons", not service.reasons(self.now))
        age = show.age(self.now)
        if age is not None:
            yield _gauge("last_frame_age_seconds", "since the picture last moved on, to a second", age)
        yield _gauge("phones", "phones that have the page open", len(service.hub))
        yield _gauge("viewers", "viewers of the live picture", service.preview.viewers)
        yield _gauge("votes", "votes in the open round", sum(service.writer.tally().values()))
        if show.told is not None:
            yield _counter("frames", "frames shown since the show's process started", show.told.frames)
            yield from _details(show.told.details)


COUNTED = {"late": "frames that were shown late", "painted": "pictures that generators painted"}
MEASURED = {
    "restarts": "times that the show was started again since its supervisor was",
    "safe_mode": "1 where stills and labels hang, as the show ended again and again",
    "memory_mb": "resident memory of the show's process, MiB",
}


def _details(details: object) -> Iterator[Metric]:
    """Those of the show's own details that are numbers and always there."""
    table = details if isinstance(details, dict) else {}
    for names, kind in ((COUNTED, _counter), (MEASURED, _gauge)):
        for name, text in names.items():
            if isinstance(table.get(name), int | float):
                yield kind(name, text, table[name])


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"vernissage_{name}", text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"vernissage_{name}", text, value=float(value))
