"""The portfolio: how every project stands, worst first, and what holds for the whole instance.

For a person: *a project is as bad as the worst of its active scenarios and promised outputs, by the verdicts of its own
page. What could not be read is counted beside it and never taken for good. Rows and Data Quality are judged on each
project's own page, not here.*

    standing    one project, from its report; from internal stats, where these show nothing unusual
    habits      whether a scenario's last runs were as usual, judged without its schedule
    findings    questions about the instance: fine, wrong, or what would tell
    whole       all of it in order, with the sentence that comes first
    tables      the same as tables of cells
"""

from .findings import find
from .habits import unusual
from .standing import as_usual, broken, promised_names, promises, standing
from .whole import portfolio

__all__ = [
    "as_usual",
    "broken",
    "find",
    "portfolio",
    "promised_names",
    "promises",
    "standing",
    "unusual",
]
