"""Taking secrets and people's data out of what is shown to others: logs, traces, records of changes.

Values go by the names that they have, credentials and e-mail addresses wherever they stand in a text.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import SecretBytes, SecretStr

REDACTED: Final = "[redacted]"
_SECRET_NAMES: Final = re.compile(
    r"passw|secret|token|authorization|api_?key|credential|cookie|private|pem", re.IGNORECASE
)
_SECRET_TEXTS: Final = (
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@"), rf"\1:{REDACTED}@"),
    (re.compile(r"\b(Bearer\s+)[\w.~+/=-]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REDACTED),
)
_ADDRESS: Final = re.compile(r"(?<![/:\w])[\w.!#$%&'*+=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
"""An e-mail address. Its parts are bounded, so that no text takes more than its length; a URL's login is none."""
MASKED_ADDRESS: Final = "[e-mail address]"


def is_secret_name(name: str) -> bool:
    """Whether what is called so is shown to nobody."""
    return _SECRET_NAMES.search(name) is not None


def masked(name: str, value: Any) -> Any:
    """A value, as it may be shown under its name: however deep it is nested, without secrets and addresses."""
    match value:
        case SecretStr() | SecretBytes():
            return REDACTED
        case str() | bytes() if is_secret_name(name):
            return REDACTED
        case str():
            return masked_text(value)
        case Mapping():
            items = cast("Mapping[Any, Any]", value).items()
            return {key: masked(str(key), item) for key, item in items}
        case list() | tuple():
            return [masked(name, item) for item in cast("list[Any]", value)]
        case _:
            return value


def masked_text(text: str) -> str:
    """A text without credentials, tokens and e-mail addresses."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return _ADDRESS.sub(MASKED_ADDRESS, text) if "@" in text else text


def hinted_address(address: str | None) -> str | None:
    """What tells one e-mail address from another without giving it away: ``a…@school.example``; None of none."""
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    first = local[:1] if len(local) > 1 else ""  # one sign alone would be all of it
    return f"{first}…@{domain}"
