"""What a project lacks to be watched, proposed with limits from its own history, and how each would have done.

backtest    the past judged as it would have been judged then
datasets    metrics, probes, checks and the accepted columns of one dataset; probes and checks of one folder
facts       a dataset for the facts of each day
scenarios   mails on failure, the watch, the morning check, DSS's own statistics
receipts    what was changed, from the notes in the state folder
show        preview and result as tables
"""

from __future__ import annotations

from .datasets import Watched, accept_columns, proposals
from .facts import FACTS_NAME, facts_dataset, facts_into, lacking
from .ids import GROUPS, MORNING_NAME
from .receipts import Entry, Receipt
from .scenarios import Mail, MorningPlan, mail_by, mails_on_failure, morning, statistics, watch
from .show import Done, preview_guide, result_guide

__all__ = [
    "FACTS_NAME",
    "GROUPS",
    "MORNING_NAME",
    "Done",
    "Entry",
    "Mail",
    "MorningPlan",
    "Receipt",
    "Watched",
    "accept_columns",
    "facts_dataset",
    "facts_into",
    "lacking",
    "mail_by",
    "mails_on_failure",
    "morning",
    "preview_guide",
    "proposals",
    "result_guide",
    "statistics",
    "watch",
]
