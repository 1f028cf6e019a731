"""Make changes in a project one after the other, and take them back: noted before and after, tried, undone where needed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Optional

from ..core.instrument import Done, Entry, Receipt
from ..core.instrument import receipts as ledger
from ..dss import receipts as kept
from ..dss import store
from ..dss.changes import Changes
from ..dss.rights import login_of
from ..dss.session import Clients
from ..errors import DssError, DssUnreachable, InvalidParameter, OperationsGuideError
from ..model.known import Unknown
from ..model.plan import Change, Step


class NothingDone(OperationsGuideError):
    """What was asked for could not be begun; nothing was changed."""


def receipts_in(state: store.Store) -> tuple[tuple[Receipt, ...], int]:
    """What was changed, oldest first, and how many notes could not be read."""
    found = kept.notes(state)
    return ledger.folded(found.notes), found.unreadable


def apply(
    clients: Clients, project_key: str, chosen: Sequence[Change], progress: Callable[[int], None]
) -> tuple[list[Done], str]:
    """Make the changes that can be made, in their order: what became of each, and the receipt ('' where none was
    begun). NothingDone where no receipt can be kept, or while somebody else changes the project."""
    possible = [change for change in chosen if not change.obstacle]
    if not possible:
        return [_held(change) for change in chosen], ""
    state = _state(clients, project_key, create=True)
    by = _who(clients)
    receipt = f"{clients.now()[0]:%Y%m%d}-{uuid.uuid4().hex[:8]}"
    changes, done = Changes(clients, project_key), []
    with _turn(state, receipt, by):
        begun = 0
        for number, change in enumerate(chosen):
            pen = _Pen(clients, state, receipt, by, begun)
            try:
                done.append(_held(change) if change.obstacle else _made(pen, changes, change))
            except (DssError, DssUnreachable) as error:
                # Only notes raise: what cannot be noted is not begun.
                done.append(_done(change, None, f"stopped here, because the receipt cannot be written: {error}"))
                break
            begun += len(change.steps)
            progress(50 + 50 * (number + 1) // len(chosen))
        _tell(clients, state, by, receipt, "added", done)
    return done, receipt


def take_back(
    clients: Clients, project_key: str, receipt: str, progress: Callable[[int], None]
) -> tuple[list[Done], int]:
    """Take back what a receipt tells of, all receipts where it is '': what became of each, and how many notes could not
    be read. What somebody changed since is left as it is."""
    state = _state(clients, project_key, create=False)
    try:
        found, unreadable = receipts_in(state)
    except (DssError, DssUnreachable) as error:
        raise NothingDone(f"Nothing was changed, because the receipts cannot be read: {error}") from error
    if receipt:
        there = {each.id: each for each in found}
        if receipt not in there:
            listed = ", ".join(each.id for each in found if each.left) or "none"
            raise InvalidParameter(f"there is no receipt {receipt}; there is {listed}", name="receipt")
        found = (there[receipt],)
    work = [(each.id, entry) for each in reversed(found) for entry in each.left]
    if not work:
        return [], unreadable
    by = _who(clients)
    session = f"undo-{uuid.uuid4().hex[:8]}"
    changes, done = Changes(clients, project_key), []
    with _turn(state, session, by):
        for number, (ident, entry) in enumerate(work):
            done.append(_unmade(_Pen(clients, state, ident, by), changes, entry))
            progress(30 + 70 * (number + 1) // len(work))
        _tell(clients, state, by, receipt, "taken back", done)
    return done, unreadable


@dataclass(frozen=True)
class _Pen:
    """Writes the notes of one receipt; `first` is the place in it of the change's first step."""

    clients: Clients
    state: store.Store
    receipt: str
    by: str
    first: int = 0

    def tell_of_profile(self, about: str, title: str, step: Step) -> None:
        """An event for who follows the profile, with the value before and after."""
        if step.document == ("variables",):
            changed = {"path": ".".join((*step.place, step.key)), "before": step.before, "after": step.after}
            # The note in the receipt is what undoing rests on.
            with suppress(DssError, DssUnreachable):
                event = store.event(
                    self.clients.now()[0], "profile", self.by, about, title, receipt=self.receipt, **changed
                )
                self.state.append(event)

    def note(self, change: str, title: str, number: int, stage: str, step: Step) -> None:
        data = ledger.note(self.receipt, change, title, self.first + number, stage, step)
        kept.keep(self.state, self.receipt, store.event(self.clients.now()[0], "receipt", self.by, text=title, **data))


def _made(pen: _Pen, changes: Changes, change: Change) -> Done:
    """One change: each step noted, made, noted again; then computed once. Where a step is refused or DSS does not work
    with what was made, every step of it is taken back."""
    remarks: list[str] = []
    made_steps: list[Step] = []
    for number, step in enumerate(change.steps):
        pen.note(change.id, change.title, number, ledger.BEGUN, changes.foreseen(step))
        try:
            made = changes.make(step)
        except DssUnreachable as error:
            return _done(change, None, f"DSS did not answer ({error}), so it may have been made or not: undo finds out")
        stage = ledger.GONE if made.step is None else ledger.KEPT
        pen.note(change.id, change.title, number, stage, made.step or step)
        if made.step is None or made.problem:
            left = _undone(pen, changes, change, made_steps)
            return _done(change, False, "; ".join([f"not applied: {made.problem}", *left]))
        pen.tell_of_profile(change.about, change.title, made.step)
        remarks += made.remarks
        made_steps.append(made.step)
    if not made_steps:
        return _done(change, False, "there was nothing to do")
    tried = changes.attempt(change.trial, made_steps[-1])
    if tried.works is False:
        left = _undone(pen, changes, change, made_steps)
        return _done(change, False, "; ".join([tried.said, *(left or ["taken out again"])]))
    said = "; ".join(["applied and read back", *([tried.said] if tried.said else []), *remarks])
    return _done(change, None if remarks or tried.works is None else True, said)


def _undone(pen: _Pen, changes: Changes, change: Change, made: Sequence[Step]) -> list[str]:
    """Take back the first steps of a change, the last of them first: in words what is still there, none where nothing is."""
    left = []
    for number, step in reversed(list(enumerate(made))):
        gone = changes.unmake(step)
        if gone.gone:
            pen.note(change.id, change.title, number, ledger.GONE, step)
        else:
            left.append(f"still there: {gone.said}")
    return left


def _unmade(pen: _Pen, changes: Changes, entry: Entry) -> Done:
    gone = changes.unmake(entry.step)
    if gone.gone:
        # A note that is lost does no harm: taken back again, it is found gone.
        with suppress(DssError, DssUnreachable):
            pen.note(entry.change, entry.title, entry.number, ledger.GONE, entry.step)
        back = replace(entry.step, before=entry.step.after, after=entry.step.before)
        pen.tell_of_profile("", f"Taken back: {entry.title}", back)
    return Done(entry.change, entry.title, "", gone.gone, gone.said)


def _held(change: Change) -> Done:
    return _done(change, False, f"not applied: {change.obstacle}")


def _done(change: Change, worked: Optional[bool], said: str) -> Done:
    return Done(change.id, change.title, change.about, worked, said)


# --- the state folder ------------------------------------------------------------------------------------------------


def _state(clients: Clients, project_key: str, *, create: bool) -> store.Store:
    """The state folder. NothingDone where it cannot be had: without a receipt nothing is changed."""
    found = store.find(clients, project_key)
    if isinstance(found, Unknown):
        raise NothingDone(f"Nothing was changed, because no receipt can be kept: {found.reason}")
    if found is not None:
        return found
    if not create:
        raise NothingDone("There is no state folder operations_guide_state: this macro has added nothing here.")
    try:
        return store.create(clients, project_key)
    except (DssError, DssUnreachable) as error:
        raise NothingDone(f"Nothing was changed, because the state folder could not be made: {error}") from error


@contextmanager
def _turn(state: store.Store, session: str, by: str) -> Iterator[None]:
    """One process at a time changes a project. A turn that breaks ends all the same."""
    try:
        taken = kept.take_turn(state, by)
    except (DssError, DssUnreachable) as error:
        raise NothingDone(f"Nothing was changed, because the state folder cannot be written: {error}") from error
    if not taken:
        raise NothingDone("Nothing was changed: somebody else changes this project with this macro right now.")
    try:
        yield
    finally:
        # Where that cannot be written either, the next turn comes after a while.
        with suppress(DssError, DssUnreachable):
            kept.end_turn(state, session, by)


def _tell(clients: Clients, state: store.Store, by: str, receipt: str, what: str, done: Sequence[Done]) -> None:
    """An event, for those who follow what happens in the project; the notes are what undoing rests on."""
    worked = [each.id for each in done if each.worked is not False]
    text = f"instrument-project: {len(worked)} {what}"
    # The notes are what counts: an event more or less changes nothing.
    with suppress(DssError, DssUnreachable):
        state.append(store.event(clients.now()[0], "receipt", by, text=text, receipt=receipt, changes=worked))


def _who(clients: Clients) -> str:
    """The login that DSS knows the caller by; '' for an API key of nobody, and where DSS does not tell."""
    try:
        return login_of(clients)
    except (DssError, DssUnreachable):
        return ""
