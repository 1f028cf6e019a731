"""Datasets of the project whose columns are not those that somebody accepted."""

from __future__ import annotations

from ...model.guide import Link, Section, Table, Tone
from ...model.today import ChangedColumns
from .. import words
from ..compose.scene import Scene, key

_NAMED = 5


def changed_columns(scene: Scene) -> tuple[ChangedColumns, ...]:
    """By name; none where no columns were accepted, or nothing can be compared."""
    own = (ref for ref in scene.datasets if ref.project_key == scene.snapshot.project_key)
    differing = ((ref, scene.unaccepted(ref)) for ref in own)
    found = (
        ChangedColumns(ref.id, said, tuple(recipe.ref or recipe.id for recipe in scene.flow.readers_of(ref)))
        for ref, said in differing
        if said
    )
    return tuple(sorted(found, key=lambda each: each.name))


def columns_section(scene: Scene, changed: tuple[ChangedColumns, ...]) -> tuple[Section, ...]:
    """The same as a table; left out where there are none."""
    if not changed:
        return ()
    muted = {scene.smart(output.ref): output.muted for output in scene.outputs}
    rows = []
    for each in changed:
        row = f"today.columns-{key(each.name)}"
        rows.append(
            (
                scene.live(f"{row}.dataset", each.name, "dataset settings", link=Link("dataset-settings", each.name)),
                scene.inferred(
                    f"{row}.differs",
                    words.capital(each.differs),
                    "the accepted columns",
                    tone=scene.alarm(Tone.BAD, muted=muted.get(each.name)),
                ),
                scene.inferred(f"{row}.readers", words.listed(list(each.readers), _NAMED) or "None", "the flow graph"),
            )
        )
    caption = f"{words.count(len(rows), 'dataset')}; accepting the columns as they are ends this"
    table = Table(("Dataset", "What Changed", "Recipes That Read It"), tuple(rows), caption)
    return (Section("changed-columns", "Columns That Nobody Accepted", (table,)),)
