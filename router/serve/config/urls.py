"""What texts have to be that stand for places in the network. Errors never repeat them: they may have credentials."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

_ORIGIN: Final = re.compile(r"(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://[^/?#@\sA-Z]+|\*|null")
"""As browsers send them. Source: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin"""


def is_http(text: str) -> bool:
    """Whether something can be asked there over HTTP."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def refuse_no_origins(origins: Iterable[str]) -> None:
    """Refuse what no browser ever sends.

    Raises:
        ValueError: something is no origin.
    """
    for number, each in enumerate(origins, 1):
        if not _ORIGIN.fullmatch(each):
            raise ValueError(
                f"Origin {number} is none that a browser sends: `https://` and a host in lower case, with a port "
                "unless it is the usual one, and nothing behind, not even a slash."
            )
