"""The show's state for monitoring: /healthz for people and scripts, /metrics for Prometheus."""

import asyncio
import time
from http import HTTPStatus
from importlib import import_module

from aiohttp import web

from installation.web.service import Service


class Watching:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def health(self, request: web.Request) -> web.Response:
        service = self.service
        reasons = service.reasons(time.monotonic())
        playback, show = service.playback, service.show.told
        told = {
            "ok": not reasons,
            "reasons": reasons,
            "notes": service.notes(),
            "piece": playback.piece if playback else None,
            "last_frame_age_s": _rounded(service.show.age(time.monotonic())),
            "round": playback.round if playback else None,
            "votes": sum(service.writer.tally().values()),
            "phones": len(service.hub),
            "watching": service.preview.viewers,
            "show": {**show.details, "frames": show.frames} if show else {},
        }
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        return web.json_response(told, status=status, headers={"Cache-Control": "no-store"})

    async def metrics(self, request: web.Request) -> web.Response:
        metrics = await asyncio.to_thread(import_module, "installation.web.metrics")  # imported on first use
        body = metrics.written(self.service, time.monotonic())
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE, "Cache-Control": "no-store"})


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
