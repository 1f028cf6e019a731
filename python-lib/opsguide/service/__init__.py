"""The use cases: the only place where reading (dss), promises (profile) and judgement (core) meet.

Each returns values of `model`; showing them is `render`'s part. What ends in `_in_dss` is the entry as DSS calls it; the
use case itself takes its clients and settings, and is what tests call.
"""

from __future__ import annotations

from ..dss.identity import Access
from .cleanup import clean_up, clean_up_in_dss
from .desk import Desk, desk_in_dss
from .entry import macro_in_dss, urls_in_dss
from .evaluation import evaluate, evaluate_in_dss, look, outcome_of, variables_of
from .inquiry import answer, answer_in_dss
from .inquiry import descriptor as inquiry_descriptor
from .instrument import apply_rows, instrument
from .morning import ProblemsFound, morning_check
from .portfolio import instance_check, instance_check_in_dss
from .portfolios import Portfolios
from .publishing import publish
from .readiness import readiness, readiness_in_dss
from .reading import TODAY, monitored, read
from .self_check import self_check, self_check_in_dss

__all__ = [
    "TODAY",
    "Access",
    "Desk",
    "Portfolios",
    "ProblemsFound",
    "answer",
    "answer_in_dss",
    "apply_rows",
    "clean_up",
    "clean_up_in_dss",
    "desk_in_dss",
    "evaluate",
    "evaluate_in_dss",
    "inquiry_descriptor",
    "instance_check",
    "instance_check_in_dss",
    "instrument",
    "look",
    "macro_in_dss",
    "monitored",
    "morning_check",
    "outcome_of",
    "publish",
    "read",
    "readiness",
    "readiness_in_dss",
    "self_check",
    "self_check_in_dss",
    "urls_in_dss",
    "variables_of",
]
