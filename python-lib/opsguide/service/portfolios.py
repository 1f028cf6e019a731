"""The page of the portfolio: what is read so far at once, the rest as it comes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Optional

from ..dss.identity import WRITE, Access
from ..model.portfolio import Portfolio
from ..settings import Settings
from .portfolio import Check, Order

# A page is looked at again so soon while it is being read.
POLL_SECONDS = 2.0
# A small instance is read by then: its page comes whole at the first go.
PATIENCE_SECONDS = 1.0
# Where the next look may meet a process that knows nothing of this one, all of it is read at one go, begun within so long:
# less than those who sit between a browser and DSS wait for an answer.
ONE_GO_SECONDS = 40.0
# A reading that took long is not made again before so many times its length: an open page costs DSS a tenth at most.
REST = 9.0
# A finished portfolio is a few hundred bytes a project; beyond so many sets of rights the oldest is read again.
MAX_SHELVES = 16


@dataclass
class _Shelf:
    """What callers with the same rights share: the reading under way, and the last one that was finished."""

    finished: Optional[Portfolio] = None
    until: float = float("-inf")  # as long as `finished` is good
    check: Optional[Check] = None
    done: threading.Event = field(default_factory=threading.Event)


class Portfolios:
    """The portfolio as each viewer may see it: a person whose own rights DSS judges sees every project that they may
    read, everybody else the project of this web app alone.

    Readings are made in the background, one at a time for the whole backend, each shared by all with the same rights."""

    def __init__(self, project_key: str, settings: Settings) -> None:
        self.project_key = project_key
        self.settings = settings
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()

    def portfolio(self, access: Access, *, at_one_go: bool = False) -> Portfolio:
        """What is known now. Where nothing is, or it is too old, a reading begins; a moment is waited for it, and to its
        end `at_one_go`. The last whole one stands, with its age, until the next is whole."""
        with self._lock:
            shelf = self._shelves.setdefault(access.key, _Shelf())
            self._shelves.move_to_end(access.key)
            while len(self._shelves) > MAX_SHELVES:
                self._shelves.popitem(last=False)
            if shelf.check is None and time.monotonic() > shelf.until:
                self._begin(shelf, access, Order(seconds=ONE_GO_SECONDS) if at_one_go else Order())
            check, last = shelf.check, shelf.finished
        if check is not None and last is None:
            shelf.done.wait(None if at_one_go else PATIENCE_SECONDS)
        with self._lock:
            found = shelf.finished or (check.portfolio() if check is not None else None)
            going = shelf.check is not None
        assert found is not None, "there is a finished reading or one under way"
        return replace(found, next_check_seconds=POLL_SECONDS if going and self.settings.page_refreshes else None)

    def _begin(self, shelf: _Shelf, access: Access, order: Order) -> None:
        """Under the lock, which the reading waits for before it says that it is done."""
        own = WRITE in access.may
        scope = "" if own else f"only this project is shown: {access.reason or 'you read it'}; {access.needs_to_write}"
        check = Check(access.clients, self.settings, order, only="" if own else self.project_key, scope=scope)
        # Where the machine has no thread left, nobody may wait for this one for ever.
        threading.Thread(target=self._read, args=(shelf, check), name="portfolio", daemon=True).start()
        shelf.check, shelf.done = check, threading.Event()

    def _read(self, shelf: _Shelf, check: Check) -> None:
        try:
            with self._one_at_a_time:
                for _ in check.run():
                    pass
        finally:
            # Also after a fault of our own: what was read stands, and the next look begins anew.
            found = check.portfolio()
            with self._lock:
                pause = max(self.settings.minimum_refresh_seconds, REST * found.elapsed_seconds)
                shelf.finished, shelf.check, shelf.until = found, None, time.monotonic() + pause
            shelf.done.set()
