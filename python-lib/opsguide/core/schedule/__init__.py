"""When scenarios start: triggers as sentences, and as instants on both sides of now.

    read_temporal    the settings of a time-based trigger, of any age, as one value
    sentence         any trigger in one plain sentence
    instants         the moments of one trigger between two others
    expected         the moments of a whole scenario
    next_expected    its next start, checked against DSS's own computation
    server_zone      which time zone "SERVER" is
    gap_after        the time from one moment to the scenario's next

DSS steps minutes and hours in elapsed time and days, weeks and months on the wall clock. 02:00 every day in Paris is
01:00 UTC in winter and 00:00 UTC in summer; every 6 hours stays 6 hours apart through both.
"""

from .expect import clock_triggers, expected, gap_after, next_expected
from .instants import Anchors, instants
from .parse import Temporal, label, read_temporal
from .sentence import outcomes, sentence
from .zones import server_zone, zone_of

__all__ = [
    "Anchors",
    "Temporal",
    "clock_triggers",
    "expected",
    "gap_after",
    "instants",
    "label",
    "next_expected",
    "outcomes",
    "read_temporal",
    "sentence",
    "server_zone",
    "zone_of",
]
