"""Without zeroconf, which is optional, it is said what to do."""

import sys

import pytest

from installation.core.errors import MissingDependency
from installation.web.oscquery.announce import Announcement
from installation.web.oscquery.messages import Hello


def test_a_missing_library_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with pytest.raises(MissingDependency, match=r"to be found on the network needs zeroconf.*pip install zeroconf"):
        Announcement(Hello("Reverie", "127.0.0.1", 0, 8000), 8001)
