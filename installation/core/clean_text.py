"""Text from a network or a device, made safe for a log and a terminal."""

import unicodedata

LONGEST = 300
"""The most characters of one such text that are kept."""

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal or the direction of text, or that show nothing: controls, formats (the marks
of bidirectional text among them), surrogates, private and unassigned code points, line and paragraph separators."""


def clean(text: str, longest: int = LONGEST) -> str:
    """``text`` on one line of at most ``longest`` characters, with U+FFFD for each character that is hidden."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join("\ufffd" if unicodedata.category(letter) in HIDDEN else letter for letter in cut)


def clean_lines(text: str) -> str:
    """The same for text of several lines, such as a traceback: line breaks and tabs stay, nothing is cut."""
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in HIDDEN else "\ufffd" for letter in text
    )
