"""Requests to addresses that somebody outside has named: identity providers, key sets, metadata.

They go to public servers over TLS only: never to a host of ours, whatever its name resolves to now or later.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, cast

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.errors import DomainError

MAX_BYTES: Final = 1_000_000
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""What is allocated for everybody; sites, and addresses of IPv4 in other clothes, are elsewhere. Source: RFC 4291."""
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LOOKUPS: Final = 4
"""Of names, at once."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=5)


class OutboundRefused(DomainError):
    """The address may not be asked, or it did not answer as it should."""

    code = "OUTBOUND_REFUSED"
    default_message = "The address cannot be used"


class Outbound:
    """Asks public servers, once each: redirects are answers like any other, and large answers are none.

    Args:
        private: lets it ask plain and private addresses too, where the identity provider is a neighbour.
    """

    def __init__(self, *, private: bool = False) -> None:
        self._private = private
        self._resolver = _Resolver(private=private)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str) -> bytes:
        """The body of a good answer.

        Raises:
            OutboundRefused: there is none.
        """
        async with self._asking("GET", url) as answer:
            return await _body(answer)

    async def get_json(self, url: str) -> dict[str, Any]:
        """The object that a good answer has.

        Raises:
            OutboundRefused: there is none.
        """
        return _object(await self.get(url))

    async def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        """The object that is answered to a form.

        Raises:
            OutboundRefused: there is none.
        """
        async with self._asking("POST", url, data=dict(form), headers=dict(headers)) as answer:
            return _object(await _body(answer))

    async def send_form(self, url: str, form: Mapping[str, str]) -> None:
        """Have a form taken, whatever is answered.

        Raises:
            OutboundRefused: it was not taken.
        """
        async with self._asking("POST", url, data=dict(form)) as answer:
            await _body(answer)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    def check(self, url: str) -> URL:
        """An address that may be asked, as far as its text tells.

        Raises:
            OutboundRefused: it may not.
        """
        try:
            parsed = URL(url)
            host, _ = parsed.host, parsed.port
        except ValueError as error:
            raise OutboundRefused("The address is not a URL") from error
        if not host or parsed.user is not None or parsed.scheme not in {"https", *(["http"] if self._private else [])}:
            raise OutboundRefused("The address must begin with https:// and name a host alone")
        if not self._private and _is_private(host):
            raise OutboundRefused("The address is not a public one")
        return parsed

    @asynccontextmanager
    async def _asking(self, method: str, url: str, **options: Any) -> AsyncGenerator[aiohttp.ClientResponse]:
        address = self.check(url)
        try:
            async with self._opened().request(method, address, allow_redirects=False, **options) as answer:
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OutboundRefused("The address does not answer") from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=self._resolver, limit_per_host=4)
            self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False)
        return self._session


class _Resolver(AbstractResolver):
    """Looks names up in threads of its own, few of them: names that outsiders choose may take their time to be found.

    Where only public servers may be asked, a name is none unless all that it resolves to is public: what is connected
    to is what was looked at.
    """

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="outbound-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        results = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=each_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for each_family, _, protocol, _, address in found
        ]
        if not self._private and any(_is_private(each["host"]) for each in results):
            raise OSError("not a public address")
        return results

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _is_private(host: str) -> bool:
    """Whether it is an address, not a name, and one that not everybody can reach."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour or _translated(address)
        if carried is None and address not in _GLOBAL_UNICAST:
            return True
        address = carried or address
    return not address.is_global or address.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """What a translator makes of an address of its network. Source: RFC 6052, section 2.1."""
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """The whole of a good answer that is not too large, whatever length it states."""
    if not answer.ok or answer.status >= 300:  # noqa: PLR2004  # a redirect is none
        raise OutboundRefused(f"The address answers with {answer.status}")
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MAX_BYTES:
            raise OutboundRefused("The answer is too large")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise OutboundRefused("The answer is not JSON") from error
    if not isinstance(found, dict):
        raise OutboundRefused("The answer is not an object")
    return cast("dict[str, Any]", found)
