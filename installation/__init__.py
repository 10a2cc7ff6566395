"""Vernissage: a real-time generative installation engine for exhibitions."""

__version__ = "0.1.0"
