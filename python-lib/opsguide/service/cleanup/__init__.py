"""Clean-up: a plan that explains itself, and its execution, of exactly what it showed."""

from .macro import MODES, clean_up, clean_up_in_dss
from .page import approve, overview, unquarantine
from .planning import Caller, make_plan

__all__ = ["MODES", "Caller", "approve", "clean_up", "clean_up_in_dss", "make_plan", "overview", "unquarantine"]
