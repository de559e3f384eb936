"""Taking out of texts what nobody may read in a log: credentials, tokens, addresses of people, values of clients."""

import re
from typing import Final

REDACTED: Final = "[redacted]"

_NAME: Final = (
    r"(?<![\w-])(?=[\w-]*?(?:passw(?:or)?d|secret|token|authorization|api[_-]?key|credential|cookie|session"
    r"|private[_-]?key|signature))[\w-]++"
)
"""A whole name that says that its value is secret. As all patterns here, it takes time linear in the text."""

_PATTERNS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]{1,40}-----.*?(?:-----END [A-Z ]{1,40}-----|\Z)", re.DOTALL), REDACTED),
    (re.compile(r"((?<!\w)\w++://)[^\s/@'\"]{1,500}+@"), rf"\1{REDACTED}@"),
    (re.compile(r"((?<!\w)\w++://[^\s?'\"<>]{1,500}+\?)[^\s'\"<>]+"), rf"\1{REDACTED}"),
    (re.compile(r"\b(Bearer|Basic|DPoP)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"(?<![\w-])(?=[\w-]*?\beyJ)[\w-]++\.[\w-]++(?:\.[\w-]*+)*+"), REDACTED),
    (
        re.compile(rf"({_NAME}['\"]?\s{{0,3}}[:=]\s{{0,3}})(['\"]).*?(?:\2|$)", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    (
        re.compile(rf"({_NAME}\s{{0,3}}[:=]\s{{0,3}})(?!\[redacted\])[^\s,;'\"&]+", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), REDACTED),
    (re.compile(r"(?<![\w/])[A-Za-z0-9+/_]{40,}={0,2}(?![\w/])"), REDACTED),
)
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\(?:.|\Z))*+(?:'|\Z)|\"(?:[^\"\\]|\\(?:.|\Z))*+(?:\"|\Z)", re.DOTALL)


def redacted(text: str) -> str:
    """The text without what looks like a secret: credentials, tokens, values by their names, e-mail addresses."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def without_values(text: str) -> str:
    """The text, which somebody else has written, also without anything in quotation marks: there stand values."""
    return redacted(_QUOTED.sub("'…'", text))
