"""Today: one sentence that tells how the project stands, and all that the sentence rests on.

For a person: *read the sentence. It counts what is wrong, worst first, then what cannot be told, then what is well, and
names the next deadline. Below it the night is drawn as it went against as it should have gone, and every scenario,
output and source stands in a table, worst first.*

    lines       scenarios, outputs and sources as values, worst first
    headline    the sentence
    night       the timeline
    tables      the same as tables of cells, each with its evidence
    columns     columns that changed
    notes       who looked at it, and what is muted
    pace        when to look again
    evaluation  all of it, or a part, as one verdict

Nothing alarms on a design node, and no test scenario does.
"""

from __future__ import annotations

from typing import Optional

from ...model.known import Known
from ...model.ledger import Ledger
from ...model.profile import Declared
from ...model.report import Report
from ...model.snapshot import Snapshot
from ...model.today import Today
from ..compose.front import cautions, project_name
from ..compose.offers import NONE, Offers
from ..compose.scene import Scene
from ..compose.schedule_overview import outage_notes
from ..compose.watching import last_judged
from .columns import changed_columns, columns_section
from .evaluation import SEVERITIES, evaluate
from .headline import headline
from .lines import counts, outputs, scenarios, sources
from .night import timeline
from .notes import ledger_notes, muted_section, sign_off_text, this_morning
from .pace import next_check
from .tables import sections

__all__ = ["SEVERITIES", "evaluate", "today"]


def today(
    snapshot: Snapshot,
    declared: Declared,
    report: Report,
    ledger: Known[Optional[Ledger]] = None,
    offers: Offers = NONE,
) -> Today:
    """The project as it stands at `snapshot.taken_at`. `ledger` is what people noted, with which `report` was marked;
    `offers` what the reader may do in place."""
    scene = Scene(snapshot, declared, report, offers)
    sentence, tone = headline(scene)
    signed = this_morning(scene, ledger)
    changed = changed_columns(scene)
    return Today(
        project_key=snapshot.project_key,
        title=f"{project_name(scene)} - Today",
        taken_at=snapshot.taken_at,
        zone=report.zone,
        headline=sentence,
        tone=tone,
        banners=(*outage_notes(scene), *cautions(scene), *ledger_notes(ledger)),
        counts=counts(scene),
        timeline=timeline(scene),
        scenarios=scenarios(scene),
        outputs=outputs(scene),
        sources=sources(scene),
        sections=(*sections(scene), *columns_section(scene, changed), *muted_section(scene, ledger)),
        calls=snapshot.calls,
        elapsed_seconds=snapshot.elapsed_seconds,
        next_check_seconds=next_check(scene),
        ledger=ledger,
        sign_off=signed,
        sign_off_text=sign_off_text(scene, signed),
        changed_columns=changed,
        watch=report.watch,
        watch_text=last_judged(scene),
    )
