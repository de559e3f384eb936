"""What a router lets clients do over HTTP: plain values, which a file or the environment may give."""

import re
from dataclasses import dataclass, field

from router.serve.config.urls import is_http, refuse_no_origins

ANY = "*"

_QUOTABLE = re.compile(r"[!#-\[\]-~]+")
"""What stands between quotation marks as it is. Source: RFC 9110, section 5.6.4."""


class PolicyError(ValueError):
    """A policy says what cannot be, or what nobody can want; the message says why."""


@dataclass(frozen=True, slots=True)
class CrossSite:
    """Keeps pages of other sites from making a browser ask in its user's name.

    A browser asks the router before it sends JSON for such a page, not before a GET or a form with files.
    These are answered if one of `headers` is there, which a browser asks for as well. A form with files needs it in any
    case. A GET does without where the browser says that no other site is behind it (`Sec-Fetch-Site`), where it comes
    from an origin that `Cors` names, or where it brings neither an origin nor a cookie, as programs do. A WebSocket
    that brings cookies is opened for the router's own pages, by their origin, and for those that `Cors` names.

    Attributes:
        headers: one of them must be there and not empty.
        strict: every GET needs one of them or `Content-Type: application/json`, as Apollo's servers ask for it:
            programs that do not know of it are refused.
    """

    headers: tuple[str, ...] = ("apollo-require-preflight", "x-apollo-operation-name")
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Cors:
    """Which pages of other sites may ask and read the answers.

    Attributes:
        origins: `https://studio.example` each, or `*` for all, which then cannot have credentials.
        origin_pattern: a regular expression that further origins match from beginning to end.
        credentials: whether cookies and the like come with their requests.
        headers: that they may send; `*` for all.
        exposed_headers: of answers, that they may read beside the usual ones.
        max_age: seconds that a browser remembers for.
    """

    origins: tuple[str, ...] = ()
    origin_pattern: str | None = None
    credentials: bool = False
    headers: tuple[str, ...] = (ANY,)
    exposed_headers: tuple[str, ...] = ()
    max_age: int = 600

    def __post_init__(self) -> None:
        """Raises: ValueError: every site could read every user's data, or no site any, or what is named is nothing."""
        refuse_no_origins(self.origins)
        if self.credentials and not self.origins and self.origin_pattern is None:
            raise PolicyError("Say whose requests may bring cookies: name the origins.")
        if self.credentials and ANY in self.origins:
            raise PolicyError("Name the origins: with credentials, `*` would let every site read its visitors' data.")
        if self.origin_pattern is not None:
            try:
                re.compile(self.origin_pattern)
            except re.error as error:
                raise PolicyError(f"The origin pattern is no regular expression: {error}.") from error

    def names(self, origin: str) -> bool:
        """Whether an origin is let in, and not merely because all are."""
        return origin in self.origins or (
            self.origin_pattern is not None and re.fullmatch(self.origin_pattern, origin) is not None
        )


@dataclass(frozen=True, slots=True)
class Compression:
    """How answers are made smaller for clients that take them so.

    Attributes:
        codings: `zstd`, `br` and `gzip`; of those that a client likes equally, the first.
        minimum_bytes: of an answer: smaller ones are sent as they are.
        cookies: whether also answers to requests with cookies are compressed. Whoever can make a browser send requests
            with them, and see how long the answers are, learns what stands in the answers beside his own text (BREACH).
    """

    codings: tuple[str, ...] = ("zstd", "br", "gzip")
    minimum_bytes: int = 1_000
    cookies: bool = False

    def __post_init__(self) -> None:
        """Raises: PolicyError: there is no such coding."""
        unknown = sorted(set(self.codings) - {"zstd", "br", "gzip"})
        if unknown:
            raise PolicyError(f"There is no coding {', '.join(unknown)}; there are zstd, br and gzip.")


@dataclass(frozen=True, slots=True)
class Uploads:
    """Files that come with an operation, as a form, and go on to subgraphs in the same way.

    Attributes:
        scalar: of the public schema, whose values files are.
        files: in one form.
        total_bytes: of one form, all files together.
        memory_bytes: of one file: larger ones are kept on the disk, until their operation has been answered.
    """

    scalar: str = "Upload"
    files: int = 10
    total_bytes: int = 50_000_000
    memory_bytes: int = 500_000


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """How GraphQL is served over HTTP.

    Attributes:
        cross_site: None answers whatever a browser sends.
        cors: None lets no other site's pages ask.
        compression: of answers; None for none.
        hosts: that the router is reached by, `*.example.com` for all within a domain; none for any. Names stop pages
            that reach a router within a network by a name of their own (DNS rebinding).
        batch: operations that may come in one request, as a list; 0 for none but single ones. Each counts for itself
            wherever operations are counted.
        uploads: None takes no files.
        resource_metadata: where the graph's metadata as a protected resource are, told with each refusal for want of a
            good token, so that clients find who issues them (RFC 9728, section 5.1). None tells nothing.
    """

    cross_site: CrossSite | None = field(default_factory=CrossSite)
    cors: Cors | None = None
    compression: Compression | None = field(default_factory=Compression)
    hosts: tuple[str, ...] = ()
    batch: int = 0
    uploads: Uploads | None = None
    resource_metadata: str | None = None

    def __post_init__(self) -> None:
        """Raises: PolicyError: the metadata are at no address that a header can carry."""
        address = self.resource_metadata
        if address is not None and not (is_http(address) and _QUOTABLE.fullmatch(address)):
            raise PolicyError("`resource_metadata` is no address that begins with https:// or http://.")
