"""Logs to read: files written for a test."""

from tests.cli.conftest import log, run

__all__ = ["log", "run"]
