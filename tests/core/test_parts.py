"""Parts are found by the name of their file, and a wrong name gets the nearest one."""

import pytest

from installation.core import parts
from installation.core.errors import MissingDependency, PartError


def test_every_room_has_its_parts() -> None:
    assert {"plasma", "stylegan2"} <= set(parts.kinds("generator"))
    assert {"scripted", "camera", "osc"} <= set(parts.kinds("sensor"))
    assert {"loop", "wander"} <= set(parts.kinds("walk"))
    assert {"dissolve", "wipe"} <= set(parts.kinds("transition"))


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(PartError, match=r'no generator "plasm"; there are .*; did you mean "plasma"\?'):
        parts.config("generator", "plasm")


def test_a_missing_library_says_what_to_do() -> None:
    with pytest.raises(MissingDependency, match=r"the test needs no_such_library.*; install it so"):
        parts.require("no_such_library", "the test", "install it so")
