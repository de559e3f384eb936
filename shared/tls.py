"""TLS of the connections to servers: verified certificates, and no secret sent in the clear where that is required.

PostgreSQL is told how by its URL, in libpq's words: ``postgresql://…?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem``.
MongoDB's (``tls=true&tlsCAFile=…``) and Redis's (``rediss://…?ssl_ca_certs=…``) clients read their URLs themselves, and
verify unless these say otherwise. Elasticsearch's and Pinecone's always verify, by the authorities of
``https://…?ca_certs=…`` if there are such.

Source: https://www.postgresql.org/docs/current/libpq-ssl.html
"""

import ssl
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import URL

_MODES: Final = frozenset({"disable", "require", "verify-ca", "verify-full"})
_WORDS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey")
_OFF: Final = frozenset({"true", "1", "yes"})
_MONGO_LOOSE: Final = ("tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames")


def without_tls_words(url: URL) -> tuple[URL, dict[str, Any]]:
    """A PostgreSQL URL as the driver takes it, and the driver's arguments that its words on TLS mean.

    Raises:
        ValueError: a word is not known, or a file cannot be read.
    """
    words = {name: str(url.query[name]) for name in _WORDS if name in url.query}
    mode = words.get("sslmode", "verify-full" if words else None)
    if mode is None:
        return url, {}
    if mode not in _MODES:
        raise ValueError(f"sslmode must be one of {', '.join(sorted(_MODES))}")
    return url.difference_update_query(_WORDS), {"ssl": _context(mode, words) if mode != "disable" else False}


def _context(mode: str, words: dict[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=words.get("sslrootcert"))
        if "sslcert" in words:
            context.load_cert_chain(words["sslcert"], words.get("sslkey"))
    except OSError as error:
        raise ValueError(f"a file of the server's TLS settings cannot be used: {error.strerror or error}") from error
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def without_authorities(url: str) -> tuple[str, str | None]:
    """An HTTP server's URL as a client takes it, and the file of authorities that ``ca_certs`` in it names."""
    parts = urlsplit(url)
    words = parse_qsl(parts.query)
    kept = urlencode([(name, value) for name, value in words if name != "ca_certs"])
    return parts._replace(query=kept).geturl(), dict(words).get("ca_certs")


def is_verified(url: str) -> bool:
    """Whether nobody on the way to a server can read or change what is sent, nor pass for the server."""
    parts = urlsplit(url)
    options = {name.lower(): value.lower() for name, value in parse_qsl(parts.query)}
    match parts.scheme:
        case "postgresql" | "postgres":
            return options.get("sslmode") == "verify-full"
        case "mongodb" | "mongodb+srv":
            loose = any(options.get(name) in _OFF for name in _MONGO_LOOSE)
            on = options.get("tls", options.get("ssl", "true" if parts.scheme == "mongodb+srv" else "false"))
            return on == "true" and not loose
        case "rediss":
            checked = options.get("ssl_check_hostname", "true") in _OFF
            return options.get("ssl_cert_reqs", "required") == "required" and checked
        case "unix" | "https":
            return True
        case _:
            return False
