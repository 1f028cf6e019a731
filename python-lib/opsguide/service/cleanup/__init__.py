"""Clean-up: a plan that explains itself, and its execution, of exactly what it showed."""

from .macro import clean_up, clean_up_in_dss
from .page import approve, overview, unquarantine

__all__ = ["approve", "clean_up", "clean_up_in_dss", "overview", "unquarantine"]
