"""Take the secrets out of what DSS says: logs and error messages are read by more people than the systems they name.

What looks like a secret is replaced by `[masked]`; the rest stays word for word. In doubt it is masked. Every pattern is
linear in the length of the text: no run of characters can be read by two of its parts.
"""

from __future__ import annotations

import re

MASK = "[masked]"

# Words that a secret stands behind, whatever stands before or after them in a name: db_password, X-Api-Key, sasToken.
_NAMES = (
    r"passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key"
    r"|shared[_-]?key|encryption[_-]?key|signing[_-]?key|storage[_-]?key|credentials?|signature|authorization|cookie"
    r"|session[_-]?id|client[_-]?secret|sas|sig|pat|pass"
)
# A secret may hold any sign: a comma ends it only where a space or the next name follows, a quote only before an end.
_VALUE = r"(?:[^\s,;&\"'<]|<(?!/)|[,;&](?!\s|\Z|[\w.-]{1,40}\s?[=:])|[\"'](?![\s,;)}\]]|\Z))+"
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)", re.DOTALL)
_JDBC = re.compile(r"(?i)\b(jdbc:[a-z0-9]{1,40}:)[^\s\"'<>]+")
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://)[^\s/@\"'<>]+@")
_HEADER = re.compile(r"(?i)\b(bearer|basic|digest|negotiate|token)(\s+)[A-Za-z0-9+/=._~-]{8,}")
_FIELD = re.compile(
    rf"(?i)(?<![a-z0-9])((?:[a-z0-9]{{1,30}}[_.-]){{0,4}}[a-z0-9]{{0,20}}?(?:{_NAMES})(?:[_.-][a-z0-9]{{1,20}}){{0,2}}"
    r"[\"']?\s{0,3}(?:=>|:=|[:=]|\bis\b)\s{0,3})"
    rf"(\"[^\"\n]*\"?|'[^'\n]*'?|{_VALUE})"
)
_OPTION = re.compile(rf"(?i)(--?(?:[a-z0-9]{{1,20}}-){{0,3}}(?:{_NAMES})\s+)(\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"']+)")
_ELEMENT = re.compile(rf"(?i)(<[a-z0-9_.:-]{{0,40}}(?:{_NAMES})>)[^<]*")
_BY = re.compile(r"(?i)(\bidentified\s+by\s+)(\"[^\"\n]*\"?|'[^'\n]*'?|\S+)")
_SHAPES = re.compile(
    r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,}){1,2}"  # a JSON web token
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj-|ant-)?[A-Za-z0-9_-]{20,}"
    r"|\bdku[a-z]{2,6}-[A-Za-z0-9]{12,}"
    r"|\bdapi[0-9a-f]{28,}"
    r"|\bhooks\.slack\.com/[^\s\"'<>]+|\bwebhook\.office\.com/[^\s\"'<>]+"
)
# Long runs of mixed letters and digits: keys without a name. Hexadecimal digests and ids have no upper case.
_BLOB = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/_=-])")


def mask(text: str) -> str:
    """The text without what looks like a password, token, key or connection address."""
    text = _PEM.sub(MASK, text)
    text = _JDBC.sub(rf"\g<1>{MASK}", text)
    text = _USERINFO.sub(rf"\g<1>{MASK}@", text)
    text = _HEADER.sub(rf"\g<1>\g<2>{MASK}", text)
    for pattern in (_FIELD, _OPTION, _BY):
        text = pattern.sub(_kept_name, text)
    text = _ELEMENT.sub(rf"\g<1>{MASK}", text)
    text = _SHAPES.sub(MASK, text)
    return _BLOB.sub(_blob, text)


def _kept_name(found: re.Match[str]) -> str:
    name, value = found.group(1), found.group(2)
    if value.startswith(MASK) or value.strip("\"'").lower() in ("", "null", "none", "true", "false"):
        return found.group()
    return f"{name}{MASK}"


def _blob(found: re.Match[str]) -> str:
    text = found.group()
    mixed = any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdigit() for c in text)
    # Paths and names in words are long and mixed as well; a key has no run of words between its separators.
    words = [part for part in re.split(r"[/_+-]", text) if part]
    return MASK if mixed and max(map(len, words), default=0) >= 20 else text
