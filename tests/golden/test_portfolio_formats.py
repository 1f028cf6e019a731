"""The portfolio as a page, as a macro's result and as JSON, from values made by hand: names that mean harm included."""

from __future__ import annotations

import re
from datetime import timedelta

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from opsguide.core.portfolio import broken, portfolio
from opsguide.model.guide import Tone
from opsguide.model.known import Cause, Unknown
from opsguide.model.portfolio import Clearing, Kernel, NotRead, Portfolio, Standing, Surroundings, Traits
from opsguide.model.snapshot import Project, User
from opsguide.render.portfolio import portfolio_fragment, portfolio_json, portfolio_result
from opsguide.render.urls import Urls
from tests.guides import HOSTILE, NOW
from tests.whole import foreign_markup

URLS = Urls("https://dss.example.com", "RETAIL")
SEEN = Unknown("not read, as internal stats show nothing unusual", Cause.LEFT_OUT, "the option “Read every project”")


def _file(extension: str) -> type[SingleFileSnapshotExtension]:
    class File(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = _file_extension = extension  # the second is its name before syrupy 5

    return File


def made() -> Portfolio:
    tidy = Clearing("job logs", "Tidy up", True, True, "ON_TIME")
    standings = (
        Standing(
            Project("RETAIL", "Retail nightly", owner_login="ada", owner_name="Ada Martin", triggers_disabled=False),
            "ERROR",
            Tone.BAD,
            "Nightly build: failed: at 04:42 (and 6 more)",
            tuple(f"scenario {number}: failed: at 04:42" for number in range(5)),
            2,
            (("FAILED", 7), ("ON_TIME", 3)),
            (("MISSED", 1), ("MET", 4)),
            "its scenarios and promises",
            traits=Traits(10, ("Nightly build",), (("Nightly build", "bob"),), (tidy,)),
        ),
        Standing(
            Project(HOSTILE, HOSTILE, owner_login=HOSTILE, triggers_disabled=None),
            "AS_USUAL",
            Tone.NONE,
            "2 scenarios ran as usual; schedules and promises were not read",
            scenarios=(("QUIET", 2),),
            basis="internal stats",
            remarks=("1 of 9 jobs of the last 24 hours failed",),
            traits=Traits(SEEN, SEEN, ((HOSTILE, "ada"),), SEEN),
        ),
        Standing(
            Project("IDLE", triggers_disabled=True),
            "IDLE",
            Tone.NONE,
            "no scenario is active",
            traits=Traits(0, (), (), ()),
        ),
        broken(Project("ODD", owner_login="ada"), "this plugin failed on it: KeyError: 'x'"),
    )
    around = Surroundings(
        users=(User("ada", enabled=True), User("bob", enabled=False)),
        kernels=(Kernel("RETAIL", "explore", "ada", NOW - timedelta(days=9)),),
        logs=Unknown("not measured", Cause.LEFT_OUT, "the option “Measure logs”"),
    )
    left = [NotRead(Project("LATER", "Later"), "the time that was given was up before its turn")]
    return portfolio(standings, left, around, NOW, notes=("internal stats were not believed",), scope="", whole=True)


def test_the_portfolio_as_a_page(snapshot: SnapshotAssertion) -> None:
    shown = portfolio_fragment(made(), URLS)
    assert foreign_markup(shown) == []
    # Which other pages there are is no matter of this one.
    assert re.sub(r"(?s)<nav .*?</nav>\n", "", shown) == snapshot(extension_class=_file("html"))


def test_the_portfolio_as_a_result(snapshot: SnapshotAssertion) -> None:
    shown = portfolio_result(made(), URLS)
    assert foreign_markup(shown) == ["<style>"]  # its own, so that it can be kept as a file
    assert shown == snapshot(extension_class=_file("html"))


def test_the_portfolio_as_json(snapshot: SnapshotAssertion) -> None:
    assert portfolio_json(made()) + "\n" == snapshot(extension_class=_file("json"))
