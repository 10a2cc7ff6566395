"""Rooms with parts that never change, for tests that must not depend on which real parts there are."""

from pathlib import Path

STUBS = Path(__file__).resolve().parent / "stub_parts"
ROOMS = {
    "generator": (STUBS / "generators", ".py", "tests.stub_parts.generators"),
    "sensor": (STUBS / "sensors", ".py", "tests.stub_parts.sensors"),
    "walk": (STUBS / "walks", ".py", "tests.stub_parts.walks"),
    "output": (STUBS / "outputs", ".py", "tests.stub_parts.outputs"),
    "transition": (STUBS / "transitions", ".glsl", ""),
}
