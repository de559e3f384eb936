"""Where requests may name their tenant. Names never decide anything: they only have to agree with the access token."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from router.serve.cache import LruCache

TENANT: Final = "{tenant}"

HOSTS: Final = 4_096
HOST_CHARACTERS: Final = 500_000
"""Of hosts, of which it is known whom they name."""

_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/\{tenant\}(?:/[A-Za-z0-9._~-]+)*")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]*\{tenant\}(?:[.-][A-Za-z0-9.-]*)?")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class NamingError(ValueError):
    """A pattern that could name no tenant; the message says why."""


@dataclass(frozen=True, slots=True)
class TenantNaming:
    """Where requests may name their tenant, beside their access token.

    Attributes:
        hosts: patterns of the router's own names, as `{tenant}.example.org`: the part may have no dot. A host that
            matches none names nobody.
        host_headers: that have the host; a proxy that replaces it may keep the client's in `x-forwarded-host`.
        headers: whose whole value is the tenant, as `x-tenant`. Over WebSocket, a connection parameter of that name is
            one of them.
        paths: patterns of paths that GraphQL is served at as well, as `/t/{tenant}/graphql`.
    """

    hosts: tuple[str, ...] = ()
    host_headers: tuple[str, ...] = ("host",)
    headers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises: NamingError: a pattern could name no tenant."""
        for each in self.hosts:
            if each.count(TENANT) != 1 or _HOST.fullmatch(each) is None:
                raise NamingError(f"The host {each!r} needs one {TENANT}, as in {TENANT}.example.org.")
        for each in self.paths:
            if _PATH.fullmatch(each) is None:
                raise NamingError(f"The path {each!r} needs one {TENANT}, as in /t/{TENANT}/graphql.")
        for each in (*self.host_headers, *self.headers):
            if _HEADER.fullmatch(each) is None:
                raise NamingError(f"{each!r} is no name of a header.")


class Named(NamedTuple):
    """A tenant that a request names.

    Attributes:
        place: where, in words.
        name: as given; of a host in lower case.
        in_host: whether it is a part of a host, where small and large letters are the same.
    """

    place: str
    name: str
    in_host: bool = False


class Names:
    """Finds the tenants that requests name."""

    def __init__(self, naming: TenantNaming) -> None:
        self._hosts = tuple(_matcher(each) for each in naming.hosts)
        self._host_headers = tuple(each.lower() for each in naming.host_headers) if naming.hosts else ()
        self._headers = tuple(each.lower() for each in naming.headers)
        self._in_hosts: LruCache[tuple[str, str], tuple[Named, ...]] = LruCache(HOSTS, HOST_CHARACTERS)

    def of(
        self, headers: Mapping[str, str], path: Mapping[str, Any] | None, parameters: Mapping[str, Any] | None = None
    ) -> list[Named]:
        """All of them.

        Args:
            headers: of the request or the handshake, by names in lower case.
            path: what the path's pattern has found.
            parameters: of a WebSocket's `connection_init`.
        """
        found = [Named(f"the header {each}", headers[each]) for each in self._headers if each in headers]
        for each in self._host_headers:
            if each in headers:
                found += self._in_host(each, headers[each])
        if path and "tenant" in path:
            found.append(Named("the path", str(path["tenant"])))
        if parameters:
            found.extend(self._in_parameters(parameters))
        return found

    def _in_host(self, header: str, value: str) -> tuple[Named, ...]:
        """The tenants in a host, or in each of a list of them, as proxies make it."""
        key = header, value
        known = self._in_hosts.get(key)
        if known is None:
            known = tuple(self._matches(header, value))
            self._in_hosts.put(key, known, len(value))
        return known

    def _matches(self, header: str, value: str) -> Iterator[Named]:
        for host in value.split(","):
            for matcher in self._hosts:
                match = matcher.fullmatch(host.strip())
                if match is not None:
                    yield Named(f"the header {header}", match["tenant"].lower(), in_host=True)

    def _in_parameters(self, parameters: Mapping[str, Any]) -> Iterator[Named]:
        for name, value in parameters.items():
            if name.lower() in self._headers:
                yield Named(f"the connection parameter {name.lower()}", value if isinstance(value, str) else "")


def _matcher(pattern: str) -> re.Pattern[str]:
    before, _, after = pattern.partition(TENANT)
    escaped = f"{re.escape(before)}(?P<tenant>[^.:]+){re.escape(after.rstrip('.'))}"
    return re.compile(rf"{escaped}\.?(?::\d*)?", re.IGNORECASE)
