"""Runs orbits and observes them; computes, never draws or prints."""

from . import descents, races
from .record import Record, train

__all__ = ["Record", "descents", "races", "train"]
