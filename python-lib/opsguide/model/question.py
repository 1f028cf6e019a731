"""What an agent may ask about a project, and what it is answered. Texts are plain and untrusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field

from .guide import Link

Kind = Literal["overview", "late", "ready", "why", "rerun", "contacts"]


class Question(BaseModel):
    """A question about one project's operations. Its JSON Schema is what the agent is given."""

    model_config = ConfigDict(extra="forbid", title="Question about operations")

    ask: Annotated[
        Kind,
        Field(
            description="overview: how does the project stand? late: what is late, failed, at risk or unknown? ready: is "
            "this output, source or scenario ready? why: why did it fail? rerun: is it safe to run this scenario, or to "
            "build this dataset, now? contacts: who is called, and when is it escalated?"
        ),
    ] = "overview"
    about: Annotated[
        str,
        Field(
            max_length=300,
            description="Name or id of a dataset, folder or scenario of the project, for example sales_mart. Needed for "
            "ready; without it why is about what is worst, and rerun about the project's main scenario.",
        ),
    ] = ""


@dataclass(frozen=True)
class Source:
    """What an answer rests on: a title, what it said, and where it can be looked at."""

    title: str
    said: str
    link: Optional[Link] = None


@dataclass(frozen=True)
class Answer:
    """`text` is Markdown, its first line the answer in short."""

    text: str
    sources: tuple[Source, ...] = ()
