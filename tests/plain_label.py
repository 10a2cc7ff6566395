"""A label as the stage asks for one, without a show file around it."""

from dataclasses import dataclass, field


@dataclass
class Label:
    title: dict[str, str] = field(default_factory=dict)
    medium: dict[str, str] = field(default_factory=dict)
    date: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
