"""What became of every moment at which a scenario should have started.

For a person: *a run belongs to the latest expected moment before it fired. A moment without a run is "not run" once its
patience is over, and stays so for good unless something recovered, replaced or suppressed it. What cannot be known
(history trimmed, schedule changed since) is unknown, never good.*

    Terms           what the verdicts of one project's scenarios share: now, zones, promises
    run_verdicts    a verdict for every expected moment of a scenario
    standing        the verdict that stands for a scenario now
    of_run          how one run did by itself, whatever the schedule says
    outages         when the instance was probably down

Worked example: every day at 02:00, patience 3 min. A run that fired at 02:01 and ended well is ON_TIME; one of 02:22 is
LATE_START; without a run the verdict at 02:02 is PENDING, at 02:10 NOT_RUN ("DSS may still start it by itself until
04:24", a tenth of the day's gap), and RECOVERED once a person's run of 07:30 has ended well before the next 02:00.
"""

from .outage import outages
from .outcome import of_run
from .terms import Terms, started_by_a_person
from .verdicts import run_verdicts, standing

__all__ = ["Terms", "of_run", "outages", "run_verdicts", "standing", "started_by_a_person"]
