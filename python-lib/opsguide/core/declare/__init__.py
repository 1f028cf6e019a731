"""What history proposes for the profile, and what a rule of it means: when it applies next, and how it would have done.

suggestions   values that history could keep, for fields that are empty
rules         the next occurrences of a rule, and the past judged by it
history       who changed the profile, and what it said before
review        what changed in the project since somebody last found the guide right
"""

from __future__ import annotations

from .history import changes
from .review import Fingerprint, difference, fingerprint
from .rules import previews
from .suggestions import suggestions

__all__ = ["Fingerprint", "changes", "difference", "fingerprint", "previews", "suggestions"]
