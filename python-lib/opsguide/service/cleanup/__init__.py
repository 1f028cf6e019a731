"""Clean-up: a plan that explains itself, and its execution, of exactly what it showed."""

from .macro import MODES, clean_up, clean_up_in_dss
from .planning import Caller, make_plan

__all__ = ["MODES", "Caller", "clean_up", "clean_up_in_dss", "make_plan"]
