"""What people promise and know: contacts, deadlines, calendars, windows, thresholds. The operations profile.

One JSON document, `operations_guide`, in the project's variables; docs/profile.md and docs/profile.schema.json are
generated from this module. Times of day are "HH:MM" on the wall clock of a zone; durations are minutes or hours as the
field's name says; object keys are dataset names (`OTHERPROJECT.name` when shared in), scenario ids, connection names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Literal, Optional, TypeVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

PROFILE_KEY = "operations_guide"
# Counted up when the document changes its form, so that an older one is read as it was meant.
SCHEMA_VERSION = 1
CONFLICT = "conflict"  # the error type of parts that are right alone but not together

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
# A year of minutes, ten years of hours: what is longer is a slip of the hand, and would overflow a date.
Minutes = Annotated[float, Field(gt=0, le=525_600)]
Hours = Annotated[float, Field(gt=0, le=87_600)]
Percent = Annotated[float, Field(gt=0, le=100)]


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def _subdivisions_by_country() -> dict[str, list[str]]:
    from holidays import list_supported_countries  # only profiles with a country pay for loading it

    return dict(list_supported_countries())


def _or_like(word: str, known: Iterable[str]) -> str:
    """ ", did you mean 'Europe/Paris'?" where something known is near, else ''."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word[:80].lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def _real_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"is not a time zone of the IANA database, such as Europe/Paris{_or_like(name, _zones())}")
    return name


def _real_country(code: str) -> str:
    if code not in _subdivisions_by_country():
        raise ValueError("is not a country code with known public holidays, such as FR or US")
    return code


def _web_address(url: str) -> str:
    if not url.lower().startswith(("http://", "https://", "mailto:", "tel:")):
        raise ValueError("must start with http://, https://, mailto: or tel:")
    return url


def _address_or_title(text: str) -> str:
    return _web_address(text) if "://" in text else text


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        raise ValueError(f"is not a regular expression: {problem}") from problem
    return pattern


_T = TypeVar("_T", bound=date)


def _of_our_time(day: _T) -> _T:
    if not 1970 <= day.year < 2200:
        raise ValueError("must be between the years 1970 and 2199")
    return day


ZoneName = Annotated[str, AfterValidator(_real_zone)]
CountryCode = Annotated[str, AfterValidator(_real_country)]
WebAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_web_address)]
AddressOrTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(_address_or_title)
]
Day = Annotated[date, AfterValidator(_of_our_time)]
Instant = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_regular_expression)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _refuse(conflicts: Iterable[tuple[str, tuple[tuple[str, ...], ...]]]) -> None:
    """Refuse parts that contradict each other: (sentence, paths of the parts from here). `profile.load` leaves out
    those parts alone."""
    found = tuple(conflicts)
    if found:
        raise PydanticCustomError(
            CONFLICT, "{text}", {"text": "; ".join(text for text, _ in found), "conflicts": found}
        )


class Contact(_Part):
    """Who to call, and how."""

    role: Text = Field("", description="Role, for example 'Data engineering on call'.")
    name: Text = Field("", description="Person or team.")
    login: Text = Field("", description="DSS login; the guide says whether it exists and is enabled.")
    group: Text = Field("", description="DSS group; the guide says whether it exists.")
    method: Text = Field("", description="How to reach them: phone, channel, mail.")
    hours: Text = Field("", description="When they answer, for example 'Mon-Fri 08:00-18:00'.")
    timezone: Optional[ZoneName] = Field(None, description="Zone of `hours`.")


class Rota(_Part):
    """One turn of the on-call rota."""

    start: Instant = Field(description="From this instant, with its offset: '2026-03-02T08:00:00+01:00'.")
    end: Instant = Field(description="Until this instant.")
    contact: Contact = Field(description="Who is on call during this turn.")

    @model_validator(mode="after")
    def _in_order(self) -> Rota:
        if self.end <= self.start:
            raise ValueError("must end after it starts")
        return self


class OnCall(Contact):
    """Who is on call; a rota turn that covers now comes before the standing contact."""

    rota: tuple[Rota, ...] = Field((), description="Turns, in any order.")


class Contacts(_Part):
    """Whom to ask about what."""

    data: Optional[Contact] = Field(None, description="Data issues.")
    infra: Optional[Contact] = Field(None, description="Infrastructure.")
    business: Optional[Contact] = Field(None, description="Business questions.")


class Calendar(_Part):
    """Which days count as business days."""

    country: Optional[CountryCode] = Field(
        None, description="ISO 3166 code of the country whose public holidays are not business days, for example 'FR'."
    )
    subdivision: Optional[str] = Field(None, description="State or region of the country, for example 'CA' of 'US'.")
    weekend: tuple[Weekday, ...] = Field(("saturday", "sunday"), description="Days of the week that never count.")
    extra_holidays: tuple[Day, ...] = Field((), description="More days that do not count: '2026-12-24'.")
    extra_business_days: tuple[Day, ...] = Field((), description="Days that count although the rest says no.")

    @model_validator(mode="after")
    def _known_region(self) -> Calendar:
        if self.subdivision is not None:
            known = _subdivisions_by_country().get(self.country or "", [])
            if self.subdivision not in known:
                _refuse([(_no_region(self.subdivision, self.country, known), (("subdivision",),))])
        return self


def _no_region(name: str, country: Optional[str], known: list[str]) -> str:
    if country is None:
        return "subdivision needs a country"
    return f"subdivision {name[:40]!r} is not one of {country}" + _or_like(name, known)


class DatasetProfile(_Part):
    """What is promised or known about one dataset (source or output)."""

    due: Optional[TimeOfDay] = Field(None, description="Must be ready by this time of day.")
    timezone: Optional[ZoneName] = Field(None, description="Zone of `due` and `available_by`; default the project's.")
    days: Optional[tuple[Weekday, ...]] = Field(
        None, min_length=1, description="Days of the week on which it is due; default every day."
    )
    calendar: Optional[Name] = Field(None, description="Due on business days of this calendar, a key of `calendars`.")
    alert_after_minutes: Optional[Annotated[float, Field(ge=0, le=525_600)]] = Field(
        None, description="Alert when later than this after `due`."
    )
    target: Optional[float] = Field(
        None, gt=0, le=1, description="Share of days on which `due` must be met, for example 0.95."
    )
    available_by: Optional[TimeOfDay] = Field(None, description="For a source: when its data has arrived.")
    max_age_hours: Optional[Hours] = Field(None, description="Older than this is late.")
    warn_age_hours: Optional[Hours] = Field(None, description="Older than this is a warning.")
    time_column: Optional[Name] = Field(None, description="Column that tells the age of the data itself.")
    min_rows: Optional[int] = Field(None, ge=0, description="Fewer rows than this is an error.")
    max_rows: Optional[int] = Field(None, ge=0, description="More rows than this is an error.")
    wrong_counts: tuple[Instant, ...] = Field(
        (),
        description="Builds whose rows were wrong, by the minute in which they ended ('2026-03-02T06:41+01:00'): nothing is "
        "expected from them. The page Today offers to write it.",
    )
    level_confirmed: Optional[Instant] = Field(
        None,
        description="A new level of rows that had begun by this instant is right. The page Today asks, and writes it.",
    )
    owner: Optional[Contact] = Field(None, description="Owner of the source system or of the output.")
    consumers: tuple[Text, ...] = Field((), description="Who uses it: told before it is cleared or when it is late.")
    is_output: Optional[bool] = Field(
        None,
        description="true: show as an output although other things read it, as a promised time does; false: never.",
    )
    is_source: Optional[bool] = Field(None, description="true: show as a source; false: never.")
    accepted_schema: Optional[tuple[dict[str, str], ...]] = Field(
        None, description="Columns (`name`, `type`) as last accepted."
    )
    note: Text = Field("", description="What an operator should know of it.")

    @model_validator(mode="after")
    def _limits_in_order(self) -> DatasetProfile:
        _refuse(_disorder(self))
        return self


def _disorder(dataset: DatasetProfile) -> Iterable[tuple[str, tuple[tuple[str, ...], ...]]]:
    for low, high in (("warn_age_hours", "max_age_hours"), ("min_rows", "max_rows")):
        least, most = getattr(dataset, low), getattr(dataset, high)
        if least is not None and most is not None and least > most:
            yield f"{low} ({least:g}) is more than {high} ({most:g})", ((low,), (high,))


class ScenarioProfile(_Part):
    """What is promised or known about one scenario."""

    purpose: Text = Field("", description="What it does, in the words of its owner.")
    max_minutes: Optional[Minutes] = Field(None, description="A run longer than this is late.")
    late_after_minutes: Optional[Minutes] = Field(None, description="A start later than this after its time is late.")
    notify: tuple[Text, ...] = Field((), description="Whom to tell before running it outside its schedule.")
    calendar: Optional[Name] = Field(
        None, description="Runs are expected only on business days of this calendar, a key of `calendars`."
    )


class ConnectionProfile(_Part):
    """What is known about the system behind a connection."""

    label: Text = Field("", description="Its name among people.")
    owner: Optional[Contact] = Field(None, description="Who runs the system.")
    backup_frequency: Text = Field("", description="How often it is backed up.")
    backup_retention: Text = Field("", description="How long backups are kept.")
    recovery_time: Text = Field("", description="How long a restore takes.")


class Escalation(_Part):
    """One row of the escalation matrix."""

    issue: Text = Field(description="Issue type, for example 'Job failures'.")
    first_contact: Text = Field("", description="Who is asked first.")
    after: Text = Field("", description="'30 min', '1 hour', 'Immediate', 'Next business day'.")
    escalate_to: Text = Field("", description="Who is asked next.")


class Emergency(_Part):
    """One row of the emergency contacts."""

    situation: Text = Field(description="For example 'Data breach'.")
    contact: Text = Field("", description="Who is called.")
    method: Text = Field("", description="How: phone, channel, mail.")


class Window(_Part):
    """A maintenance window: weekly (`days`, `from_time`, `to_time`), or once (`start`, `end`)."""

    system: Text = Field(description="'Dataiku Platform', a source system, a connection name.")
    days: tuple[Weekday, ...] = Field((), description="Weekly on these days…")
    from_time: Optional[TimeOfDay] = Field(None, description="…from this time…")
    to_time: Optional[TimeOfDay] = Field(None, description="…to this time (past midnight where earlier).")
    start: Optional[Instant] = Field(None, description="Once: from this instant, with its offset.")
    end: Optional[Instant] = Field(None, description="Once: until this instant.")
    timezone: Optional[ZoneName] = Field(None, description="Zone of the times of day; default the project's.")
    impact: Text = Field("", description="What does not work during it.")
    runs_expected: bool = Field(False, description="Whether scenarios are still expected to run during it.")

    @model_validator(mode="after")
    def _weekly_or_once(self) -> Window:
        weekly = (bool(self.days), self.from_time is not None, self.to_time is not None)
        once = (self.start is not None, self.end is not None)
        if not (all(weekly) and not any(once)) and not (all(once) and not any(weekly)):
            raise ValueError("needs days, from_time and to_time (every week), or start and end (once), not both")
        if all(weekly) and self.from_time == self.to_time:
            raise ValueError("begins and ends at the same time; for a whole day write 00:00 to 23:59")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("must end after it starts")
        return self


class WeeklyTask(_Part):
    """A task of every week."""

    day: Weekday = Field(description="Day of the week.")
    task: Text = Field(description="What is done.")
    how: Text = Field("", description="How, or where it is described.")


class MonthlyTask(_Part):
    """A task of every month."""

    task: Text = Field(description="What is done.")
    when: Text = Field("", description="'First week', 'Mid-month', 'End of month', or a date rule in words.")
    how: Text = Field("", description="How, or where it is described.")


class Tasks(_Part):
    """What people do by hand, regularly."""

    weekly: tuple[WeeklyTask, ...] = Field((), description="Tasks of every week.")
    monthly: tuple[MonthlyTask, ...] = Field((), description="Tasks of every month.")


class BackupFact(_Part):
    """How one kind of thing is backed up."""

    frequency: Text = Field("", description="How often.")
    retention: Text = Field("", description="How long it is kept.")
    recovery: Text = Field("", description="How long a restore takes.")


class Backup(_Part):
    """What is backed up, and how it comes back."""

    configuration: Optional[BackupFact] = Field(None, description="The project's configuration: flow, recipes, code.")
    data: Optional[BackupFact] = Field(None, description="The data of its datasets and folders.")
    jobs: Optional[BackupFact] = Field(None, description="The history of jobs and scenarios.")
    last_restore_test: Optional[Day] = Field(None, description="Day of the last restore that was tried and worked.")
    restore_steps: tuple[Text, ...] = Field((), description="To restore a previous version, step by step.")
    rebuild_steps: tuple[Text, ...] = Field((), description="To rebuild data from scratch, step by step.")


class Resource(_Part):
    """One more row of the capacity table."""

    name: Text = Field(description="The resource, for example 'Warehouse credits'.")
    current: Text = Field("", description="How much is used.")
    limit: Text = Field("", description="How much there is.")
    alert_at: Text = Field("", description="When to act.")


class Capacity(_Part):
    """How much there is, and when to act."""

    storage_limit_gb: Optional[float] = Field(None, gt=0, description="Storage the project may use, in GB.")
    storage_alert_percent: Percent = Field(80, description="Alert at this share of the storage.")
    compute_limit_minutes_per_day: Optional[float] = Field(
        None, gt=0, description="Run time the project may use a day, in minutes."
    )
    compute_alert_percent: Percent = Field(80, description="Alert at this share of the run time.")
    review: Text = Field("monthly", description="How often capacity is reviewed.")
    resources: tuple[Resource, ...] = Field((), description="Other resources with limits.")


class Links(_Part):
    """Where the project's other documents are. Each is a web address or the title of a wiki article."""

    flow: Optional[AddressOrTitle] = Field(None, description="Flow documentation.")
    data_dictionary: Optional[AddressOrTitle] = Field(None, description="Data dictionary.")
    business_rules: Optional[AddressOrTitle] = Field(None, description="Catalogue of business rules.")
    troubleshooting: Optional[AddressOrTitle] = Field(None, description="Troubleshooting playbook.")
    onboarding: Optional[AddressOrTitle] = Field(None, description="Onboarding guide.")
    more: dict[Name, WebAddress] = Field(default_factory=dict, description="Title and address of further links.")


class KnownError(_Part):
    """An error that was seen before, and what helped."""

    pattern: Pattern = Field(description="Regular expression on the error text.")
    cause: Text = Field("", description="Why it happens.")
    step: Text = Field("", description="What to do.")


class Logs(_Part):
    """Where logs are and how long they stay, where DSS cannot tell."""

    job_retention: Text = Field("", description="How long job logs are kept.")
    scenario_retention: Text = Field("", description="How long scenario logs are kept.")
    system_location: Text = Field("", description="Where the logs of DSS itself are.")
    system_retention: Text = Field("", description="How long they are kept.")


class Reviewed(_Part):
    """When a person last read the whole guide and found it right."""

    on: Day = Field(description="The day, for example '2026-03-02'.")
    by: Text = Field("", description="Who.")


class OpsProfile(_Part):
    """The whole profile. Every key is optional: what is not declared is shown as not declared."""

    schema_version: int = Field(SCHEMA_VERSION, description="The form of this document; the first form, without it.")
    timezone: Optional[ZoneName] = Field(None, description="The project's zone; default the instance's.")
    oncall: Optional[OnCall] = Field(None, description="Who is on call.")
    contacts: Contacts = Field(Contacts(), description="Whom to ask about what.")
    calendars: dict[Name, Calendar] = Field(default_factory=dict, description="Business calendars, by a name of yours.")
    datasets: dict[Name, DatasetProfile] = Field(
        default_factory=dict, description="By dataset name, folder id or OTHERPROJECT.name."
    )
    scenarios: dict[Name, ScenarioProfile] = Field(default_factory=dict, description="By scenario id.")
    connections: dict[Name, ConnectionProfile] = Field(default_factory=dict, description="By connection name.")
    maintenance: tuple[Window, ...] = Field((), description="Maintenance windows.")
    tasks: Tasks = Field(Tasks(), description="What people do by hand, regularly.")
    escalation: tuple[Escalation, ...] = Field((), description="The escalation matrix, row by row.")
    emergency: tuple[Emergency, ...] = Field((), description="The emergency contacts, row by row.")
    access_request: Text = Field("", description="How to ask for access: an address or a sentence.")
    backup: Backup = Field(Backup(), description="What is backed up, and how it comes back.")
    capacity: Capacity = Field(Capacity(), description="How much there is, and when to act.")
    logs: Logs = Field(Logs(), description="Where logs are and how long they stay.")
    links: Links = Field(Links(), description="Where the project's other documents are.")
    known_errors: tuple[KnownError, ...] = Field((), description="Errors seen before; the first that matches counts.")
    overnight_from: TimeOfDay = Field("18:00", description="The night begins at this time of the last business day.")
    production: Text = Field("", description="On a design node: where production runs.")
    reviewed: Optional[Reviewed] = Field(None, description="When a person last found the whole guide right.")

    @field_validator("schema_version")
    @classmethod
    def _form_is_known(cls, form: int) -> int:
        if not 1 <= form <= SCHEMA_VERSION:
            raise ValueError(
                f"is no form that this version of the plugin knows, the newest is {SCHEMA_VERSION}; "
                "what it does not understand is left out, and the rest counts"
            )
        return form

    @model_validator(mode="after")
    def _calendars_exist(self) -> OpsProfile:
        _refuse(self._unknown_calendars())
        return self

    def _unknown_calendars(self) -> Iterable[tuple[str, tuple[tuple[str, ...], ...]]]:
        for kind, objects in (("datasets", self.datasets), ("scenarios", self.scenarios)):
            for name, declared in objects.items():
                if declared.calendar is not None and declared.calendar not in self.calendars:
                    text = f"there is no calendar {declared.calendar[:40]!r} in this profile"
                    yield text + _or_like(declared.calendar, self.calendars), ((kind, name, "calendar"),)


Layer = Literal["default", "instance", "standard", "local"]


class Problem(_Part):
    """One thing wrong with the profile as written; the rest of it still counts."""

    layer: Layer
    path: str  # "datasets.sales_mart.due"
    message: str  # in plain words, says what to write instead


class Declared(_Part):
    """The profile as merged, where each value came from, and what was wrong."""

    profile: OpsProfile = OpsProfile()
    origin: dict[str, Layer] = Field(
        default_factory=dict, description="Leaf path -> the layer that set it (a list is one leaf); absent: default."
    )
    problems: tuple[Problem, ...] = ()

    def layer_of(self, path: str) -> Layer:
        """Which layer set `path`, the list it is in, or anything under it; "default" where none did."""
        leaf = path
        while leaf:
            if leaf in self.origin:
                return self.origin[leaf]
            leaf = leaf.rpartition(".")[0]
        below = {layer for leaf, layer in self.origin.items() if leaf.startswith(f"{path}.")}
        for layer in ("local", "standard", "instance"):
            if layer in below:
                return layer  # type: ignore[return-value]
        return "default"

    def problem_at(self, path: str) -> Optional[Problem]:
        """The first problem at `path` or under it, else None."""
        return next((p for p in self.problems if p.path == path or p.path.startswith(f"{path}.")), None)
