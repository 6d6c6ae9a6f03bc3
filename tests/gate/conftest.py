"""Fixtures of the gate's tests."""

from tests.gate.projects import project

__all__ = ["project"]
