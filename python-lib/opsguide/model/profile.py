"""What people promise and know: contacts, deadlines, calendars, windows, thresholds. The operations profile.

One JSON document, `operations_guide`, in the project's variables; docs/profile.md and docs/profile.schema.json are
generated from this module. Times of day are "HH:MM" on the wall clock of a zone; durations are minutes or hours as the
field's name says; object keys are dataset names (`OTHERPROJECT.name` when shared in), scenario ids, connection names.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Optional

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

PROFILE_KEY = "operations_guide"

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]


def _real_zone(name: str) -> str:
    from dateutil import tz

    if not name or tz.gettz(name) is None:
        raise ValueError(f"{name!r} is not a time zone of the IANA database (for example Europe/Paris)")
    return name


def _web_address(url: str) -> str:
    if not url.lower().startswith(("http://", "https://", "mailto:", "tel:")):
        raise ValueError("a link starts with http://, https://, mailto: or tel:")
    return url


ZoneName = Annotated[str, AfterValidator(_real_zone)]
WebAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_web_address)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(_Part):
    """Who to call, and how."""

    role: Text = Field("", description="Role, for example 'Data engineering on call'.")
    name: Text = Field("", description="Person or team.")
    login: Text = Field("", description="DSS login; checked: does it exist, is it enabled.")
    group: Text = Field("", description="DSS group; checked: does it exist.")
    method: Text = Field("", description="How to reach them: phone, channel, mail.")
    hours: Text = Field("", description="When they answer, for example 'Mon-Fri 08:00-18:00'.")
    timezone: Optional[ZoneName] = Field(None, description="Zone of `hours`.")


class Rota(_Part):
    """One turn of the on-call rota."""

    start: datetime = Field(description="From this instant (ISO 8601 with offset).")
    end: datetime = Field(description="Until this instant.")
    contact: Contact


class OnCall(Contact):
    """Who is on call; a rota turn that covers now comes before the standing contact."""

    rota: tuple[Rota, ...] = Field((), description="Turns, in any order.")


class Contacts(_Part):
    data: Optional[Contact] = Field(None, description="Data issues.")
    infra: Optional[Contact] = Field(None, description="Infrastructure.")
    business: Optional[Contact] = Field(None, description="Business questions.")


class Calendar(_Part):
    """Which days count as business days."""

    country: Optional[str] = Field(None, description="ISO 3166 country whose public holidays are not business days.")
    subdivision: Optional[str] = Field(None, description="State or region of the country.")
    weekend: tuple[Weekday, ...] = Field(("saturday", "sunday"), description="Days of the week that never count.")
    extra_holidays: tuple[date, ...] = Field((), description="More days that do not count.")
    extra_business_days: tuple[date, ...] = Field((), description="Days that count although the rest says no.")


class DatasetProfile(_Part):
    """What is promised or known about one dataset (source or output)."""

    is_output: Optional[bool] = Field(None, description="Show as an output although other things read it, or never.")
    is_source: Optional[bool] = Field(None, description="Show as a source, or never.")
    due: Optional[TimeOfDay] = Field(None, description="Must be ready by this time of day.")
    timezone: Optional[ZoneName] = Field(None, description="Zone of `due` and `available_by`.")
    days: Optional[tuple[Weekday, ...]] = Field(None, description="Days on which it is due; default every day.")
    calendar: Optional[str] = Field(None, description="Name of a calendar of this profile.")
    alert_after_minutes: Optional[float] = Field(None, ge=0, description="Alert if later than this after `due`.")
    target: Optional[float] = Field(
        None, gt=0, le=1, description="Share of days on which `due` must be met, for example 0.95."
    )
    available_by: Optional[TimeOfDay] = Field(None, description="For a source: when its data has arrived.")
    max_age_hours: Optional[float] = Field(None, gt=0, description="Older than this is late.")
    warn_age_hours: Optional[float] = Field(None, gt=0, description="Older than this is a warning.")
    time_column: Optional[str] = Field(None, description="Column that tells the age of the data itself.")
    min_rows: Optional[int] = Field(None, ge=0, description="Fewer rows than this is an error.")
    max_rows: Optional[int] = Field(None, ge=0, description="More rows than this is an error.")
    owner: Optional[Contact] = Field(None, description="Owner of the source system or of the output.")
    consumers: tuple[Text, ...] = Field((), description="Who uses it: told before it is cleared or late.")
    accepted_schema: Optional[tuple[dict[str, str], ...]] = Field(
        None, description="Columns (name, type) as last accepted."
    )
    note: Text = ""


class ScenarioProfile(_Part):
    """What is promised or known about one scenario."""

    purpose: Text = Field("", description="What it does, in the words of its owner.")
    max_minutes: Optional[float] = Field(None, gt=0, description="A run longer than this is late.")
    late_after_minutes: Optional[float] = Field(
        None, gt=0, description="A start later than this after its time is late."
    )
    notify: tuple[Text, ...] = Field((), description="Whom to tell before running it outside its schedule.")
    calendar: Optional[str] = Field(None, description="Runs are expected only on business days of this calendar.")


class ConnectionProfile(_Part):
    """What is known about the system behind a connection."""

    label: Text = Field("", description="Its name among people.")
    owner: Optional[Contact] = None
    backup_frequency: Text = ""
    backup_retention: Text = ""
    recovery_time: Text = ""


class Escalation(_Part):
    """One row of the escalation matrix."""

    issue: Text = Field(description="Issue type, for example 'Job failures'.")
    first_contact: Text = ""
    after: Text = Field("", description="'30 min', '1 hour', 'Immediate', 'Next business day'.")
    escalate_to: Text = ""


class Emergency(_Part):
    situation: Text = Field(description="For example 'Data breach'.")
    contact: Text = ""
    method: Text = ""


class Window(_Part):
    """A maintenance window: weekly (`days`), or once (`start`, `end`)."""

    system: Text = Field(description="'Dataiku Platform', a source system, a connection name.")
    days: tuple[Weekday, ...] = Field((), description="Weekly on these days…")
    from_time: Optional[TimeOfDay] = Field(None, description="…from this time…")
    to_time: Optional[TimeOfDay] = Field(None, description="…to this time (past midnight where earlier).")
    start: Optional[datetime] = Field(None, description="Once: from this instant (with offset).")
    end: Optional[datetime] = Field(None, description="Once: until this instant.")
    timezone: Optional[ZoneName] = None
    impact: Text = ""
    runs_expected: bool = Field(False, description="Whether scenarios are still expected to run during it.")


class WeeklyTask(_Part):
    day: Weekday
    task: Text
    how: Text = ""


class MonthlyTask(_Part):
    task: Text
    when: Text = Field("", description="'First week', 'Mid-month', 'End of month', or a date rule in words.")
    how: Text = ""


class Tasks(_Part):
    weekly: tuple[WeeklyTask, ...] = ()
    monthly: tuple[MonthlyTask, ...] = ()


class BackupFact(_Part):
    frequency: Text = ""
    retention: Text = ""
    recovery: Text = Field("", description="Recovery time.")


class Backup(_Part):
    configuration: Optional[BackupFact] = None
    data: Optional[BackupFact] = None
    jobs: Optional[BackupFact] = None
    last_restore_test: Optional[date] = None
    restore_steps: tuple[Text, ...] = Field((), description="To restore a previous version, step by step.")
    rebuild_steps: tuple[Text, ...] = Field((), description="To rebuild data from scratch, step by step.")


class Resource(_Part):
    name: Text
    current: Text = ""
    limit: Text = ""
    alert_at: Text = ""


class Capacity(_Part):
    storage_limit_gb: Optional[float] = Field(None, gt=0)
    storage_alert_percent: float = Field(80, gt=0, le=100)
    compute_limit_minutes_per_day: Optional[float] = Field(None, gt=0)
    compute_alert_percent: float = Field(80, gt=0, le=100)
    review: Text = Field("monthly", description="How often capacity is reviewed.")
    resources: tuple[Resource, ...] = ()


class Links(_Part):
    """Where the project's other documents are. Each is a web address or the title of a wiki article."""

    flow: Optional[str] = None
    data_dictionary: Optional[str] = None
    business_rules: Optional[str] = None
    troubleshooting: Optional[str] = None
    onboarding: Optional[str] = None
    more: dict[str, WebAddress] = Field(default_factory=dict, description="Title and address of further links.")


class KnownError(_Part):
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="Regular expression on the error text."
    )
    cause: Text = ""
    step: Text = Field("", description="What to do.")


class Logs(_Part):
    job_retention: Text = ""
    scenario_retention: Text = ""
    system_location: Text = ""
    system_retention: Text = ""


class Reviewed(_Part):
    """When a person last read the whole guide and found it right."""

    on: date
    by: Text = ""


class OpsProfile(_Part):
    """The whole profile. Every key is optional: what is not declared is shown as not declared."""

    timezone: Optional[ZoneName] = Field(None, description="The project's zone; default the instance's.")
    oncall: Optional[OnCall] = None
    contacts: Contacts = Contacts()
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    datasets: dict[str, DatasetProfile] = Field(
        default_factory=dict, description="By dataset name, folder id or OTHERPROJECT.name."
    )
    scenarios: dict[str, ScenarioProfile] = Field(default_factory=dict, description="By scenario id.")
    connections: dict[str, ConnectionProfile] = Field(default_factory=dict)
    maintenance: tuple[Window, ...] = ()
    tasks: Tasks = Tasks()
    escalation: tuple[Escalation, ...] = ()
    emergency: tuple[Emergency, ...] = ()
    access_request: Text = Field("", description="How to ask for access: an address or a sentence.")
    backup: Backup = Backup()
    capacity: Capacity = Capacity()
    logs: Logs = Logs()
    links: Links = Links()
    known_errors: tuple[KnownError, ...] = ()
    overnight_from: TimeOfDay = Field("18:00", description="The night begins at this time of the last business day.")
    production: Text = Field("", description="On a design node: where production runs.")
    reviewed: Optional[Reviewed] = None


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
        default_factory=dict, description="Leaf path -> the layer that set it; absent: default."
    )
    problems: tuple[Problem, ...] = ()

    def layer_of(self, path: str) -> Layer:
        """Which layer set `path` or anything under it; "default" where none did."""
        if path in self.origin:
            return self.origin[path]
        below = {layer for leaf, layer in self.origin.items() if leaf.startswith(f"{path}.")}
        for layer in ("local", "standard", "instance"):
            if layer in below:
                return layer  # type: ignore[return-value]
        return "default"

    def problem_at(self, path: str) -> Optional[Problem]:
        """The first problem at `path` or under it, else None."""
        return next((p for p in self.problems if p.path == path or p.path.startswith(f"{path}.")), None)
