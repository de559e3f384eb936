"""Where a subgraph is, in the parts that a connection and a request need."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_PORTS = {"http": 80, "https": 443}
_KEPT = "/%:@!$&'()*+,;=-._~?"
"""Characters of a path or a query that stand for themselves. Source: https://www.rfc-editor.org/rfc/rfc3986#appendix-A"""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart.

    Attributes:
        authority: what goes into the `Host` header.
        target: path and query, as they stand in a request line.
    """

    host: str
    port: int
    tls: bool
    authority: str
    target: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Take a URL apart.

        Raises:
            ValueError: it is no http or https URL, or has credentials, which would end up in logs and error messages.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
            raise ValueError(f"{url!r} is not the URL of a subgraph.")
        host = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode()
        usual = _PORTS[parts.scheme]
        port = parts.port or usual
        shown = f"[{host}]" if ":" in host else host
        target = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
        return cls(host, port, parts.scheme == "https", shown if port == usual else f"{shown}:{port}", target)
