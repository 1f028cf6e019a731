"""Hosts plugin components as DSS does: finds them, runs each in a fresh process by the loading rules, serves webapps."""

from __future__ import annotations

from pathlib import Path

from .backends import Backends, backends_of, create_webapp, ensure_webapps
from .components import (
    StepOutcome,
    choices,
    may_run,
    run_check,
    run_macro,
    run_probe,
    run_script,
    run_standards_check,
    run_step,
    run_tool,
)
from .plugins import BUILT_IN, CHECK, KINDS, MACRO, PROBE, STEP, WEBAPP, Component, Kind, PluginDir, find
from .routes import mount
from .runner import ComponentFailed


def discover(*directories: Path) -> list[PluginDir]:
    """The plugins at these directories, and the built-in macros that every DSS has."""
    return [*(PluginDir(Path(each).resolve()) for each in directories), BUILT_IN]


__all__ = [
    "BUILT_IN",
    "CHECK",
    "KINDS",
    "MACRO",
    "PROBE",
    "STEP",
    "WEBAPP",
    "Backends",
    "Component",
    "ComponentFailed",
    "Kind",
    "PluginDir",
    "StepOutcome",
    "backends_of",
    "choices",
    "create_webapp",
    "discover",
    "ensure_webapps",
    "find",
    "may_run",
    "mount",
    "run_check",
    "run_macro",
    "run_probe",
    "run_script",
    "run_standards_check",
    "run_step",
    "run_tool",
]
