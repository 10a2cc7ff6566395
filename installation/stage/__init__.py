"""The stage: the wall on a screen, or offscreen, and its pieces. The only package that uses OpenGL and windows."""

from installation.stage.labels import Label
from installation.stage.stage import Stage, open_stage
from installation.stage.window import Mode, has_display

__all__ = ["Label", "Mode", "Stage", "has_display", "open_stage"]
