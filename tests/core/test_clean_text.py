"""Text from outside, before it reaches a log or a terminal."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from installation.core.clean_text import HIDDEN, clean, clean_lines


def test_what_steers_a_terminal_or_the_direction_of_text_is_shown_as_unknown() -> None:
    assert clean("a\x1b[2Jb\rc\nd\u202ee\u2066f\x9bg\u2028h") == "a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh"
    assert clean("Zürich – 東京 باب") == "Zürich – 東京 باب"
    assert len(clean("x" * 1000)) == 300
    assert clean_lines("a\n\tb\x07") == "a\n\tb\ufffd"


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    assert not {unicodedata.category(letter) for letter in clean(text)} & HIDDEN
