"""Connections to a subgraph are kept, shared out in turn, and never used for two requests at once."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from router.execute import HttpTransport, SubgraphRequest, SubgraphResponse
from router.execute.transport import SubgraphTimeout, SubgraphUnreachable, pool
from tests.router.execute.raw_server import Script, raw_server, reply, saying, take_request

ONE = SubgraphResponse({"a": 1})
QUERY = SubgraphRequest("s", "{a}", idempotent=True)
MUTATION = SubgraphRequest("s", "mutation{a}")


class Server:
    """Answers every request of every connection, and takes note of them.

    Attributes:
        requests: the connection that each came on, counted from 0.
    """

    def __init__(self, *, pause: asyncio.Event | None = None, answer: bytes | None = None) -> None:
        self.requests: list[int] = []
        self.connections = 0
        self.ended = 0
        self.changed = asyncio.Condition()
        self._pause = pause
        self._answer = answer or reply()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self.connections
        self.connections += 1
        try:
            while True:
                await take_request(reader)
                self.requests.append(connection)
                await self._tell()
                if self._pause is not None:
                    await self._pause.wait()
                writer.write(self._answer)
                await writer.drain()
        finally:
            self.ended += 1
            await self._tell()

    async def until(self, *, requests: int = 0, ended: int = 0) -> None:
        """Wait for so many requests to have come and connections to have ended."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.requests) >= requests and self.ended >= ended)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()


async def fetch_twice(first: SubgraphRequest, second: SubgraphRequest, *scripts: Script) -> SubgraphResponse:
    """The second answer; between the two the first one's connection has time to end."""
    async with raw_server(*scripts) as url:
        transport = HttpTransport(url)
        try:
            await transport.fetch(first)
            await asyncio.sleep(0.02)
            return await transport.fetch(second)
        finally:
            await transport.aclose()


class TestKeeping:
    async def test_requests_in_a_row_share_a_connection(self) -> None:
        server = Server()
        async with raw_server(server) as url:
            transport = HttpTransport(url)
            for _ in range(5):
                assert await transport.fetch(MUTATION) == ONE
            await transport.aclose()
        assert server.requests == [0] * 5

    async def test_requests_at_once_have_a_connection_each(self) -> None:
        pause = asyncio.Event()
        server = Server(pause=pause)
        async with raw_server(server) as url:
            transport = HttpTransport(url)
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(transport.fetch(QUERY))
                await server.until(requests=5)
                pause.set()
            await transport.aclose()
        assert sorted(server.requests) == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize(
        "answer", [reply(connection="close"), reply(head=b"HTTP/1.0 200 OK"), reply() + b"HTTP/1.1 200", reply() + b"x"]
    )
    async def test_a_connection_that_is_not_to_be_kept_is_not(self, answer: bytes) -> None:
        server = Server(answer=answer)
        async with raw_server(server) as url:
            transport = HttpTransport(url)
            assert [await transport.fetch(QUERY) for _ in range(2)] == [ONE, ONE]
            await transport.aclose()
        assert server.requests == [0, 1]

    async def test_what_comes_without_a_request_is_never_an_answer(self) -> None:
        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await take_request(reader)
            writer.write(reply())
            await writer.drain()
            await asyncio.sleep(0.005)
            writer.write(reply(b'{"data": {"a": "poison"}}'))
            await reader.read()

        assert await fetch_twice(QUERY, QUERY, forward, saying(reply())) == ONE

    async def test_what_is_idle_for_long_is_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool, "IDLE_SECONDS", 0.01)
        server = Server()
        async with raw_server(server) as url:
            transport = HttpTransport(url)
            await transport.fetch(QUERY)
            await server.until(ended=1)
            await transport.fetch(QUERY)
            await transport.aclose()
        assert server.requests == [0, 1]

    async def test_closing_ends_what_is_idle_and_fails_what_waits(self) -> None:
        server, waiting = Server(), Server(pause=asyncio.Event())
        async with raw_server(server, waiting) as url:
            transport = HttpTransport(url)
            first = asyncio.create_task(transport.fetch(QUERY))
            await server.until(requests=1)
            await first
            await transport.aclose()
            await server.until(ended=1)
            tasks = [asyncio.create_task(transport.fetch(each)) for each in (QUERY, MUTATION)]
            await waiting.until(requests=2)
            await transport.aclose()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in outcomes] == [SubgraphUnreachable, SubgraphUnreachable]


class TestStale:
    """A server may end a kept connection at the moment when a request goes out on it."""

    @staticmethod
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the first request and hangs up at the second one."""
        await take_request(reader)
        writer.write(reply())
        await take_request(reader)

    async def test_a_query_is_sent_again(self) -> None:
        assert await fetch_twice(QUERY, QUERY, self.once, saying(reply())) == ONE

    async def test_a_mutation_is_not_because_it_may_have_been_done(self) -> None:
        with pytest.raises(SubgraphUnreachable):
            await fetch_twice(QUERY, MUTATION, self.once, saying(reply()))

    async def test_a_mutation_takes_no_connection_that_has_long_been_idle(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "FRESH_SECONDS", 0.0)
        assert await fetch_twice(QUERY, MUTATION, self.once, saying(reply())) == ONE

    async def test_a_connection_that_was_ended_in_the_meantime_is_not_used(self) -> None:
        assert await fetch_twice(QUERY, MUTATION, saying(reply()), saying(reply())) == ONE

    async def test_a_query_on_a_new_connection_is_not_sent_again(self) -> None:
        with pytest.raises(SubgraphUnreachable):
            await fetch_twice(QUERY, QUERY, saying(), saying(reply()))

    async def test_a_response_that_has_begun_is_not_asked_for_again(self) -> None:
        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await take_request(reader)
            writer.write(reply())
            await take_request(reader)
            writer.write(reply()[:30])
            await writer.drain()

        with pytest.raises(Exception, match="broke off"):
            await fetch_twice(QUERY, QUERY, half, saying(reply()))


class TestTurns:
    async def test_there_are_never_more_connections_than_allowed(self) -> None:
        server = Server()
        async with raw_server(server) as url:
            transport = HttpTransport(url, max_connections=2)
            answers = await asyncio.gather(*(transport.fetch(QUERY) for _ in range(20)))
            await transport.aclose()
        assert answers == [ONE] * 20
        assert server.connections == 2

    async def test_who_waits_gets_a_connection_in_turn(self) -> None:
        server = Server()
        done: list[int] = []
        async with raw_server(server) as url:
            transport = HttpTransport(url, max_connections=1)

            async def ask(number: int) -> None:
                await transport.fetch(QUERY)
                done.append(number)

            await asyncio.gather(*(ask(number) for number in range(10)))
            await transport.aclose()
        assert done == list(range(10))

    async def test_waiting_for_a_connection_counts(self) -> None:
        server = Server(pause=asyncio.Event())
        async with raw_server(server) as url:
            transport = HttpTransport(url, max_connections=1, timeout=0.05)
            outcomes = await asyncio.gather(*(transport.fetch(QUERY) for _ in range(3)), return_exceptions=True)
            await transport.aclose()
        assert {type(each) for each in outcomes} == {SubgraphTimeout}

    async def test_who_is_cancelled_ends_the_connection_and_makes_room(self) -> None:
        pause = asyncio.Event()
        server = Server(pause=pause)
        async with raw_server(server) as url:
            transport = HttpTransport(url, max_connections=1)
            running, waiting, last = (asyncio.create_task(transport.fetch(QUERY)) for _ in range(3))
            await server.until(requests=1)
            waiting.cancel()
            running.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)
            pause.set()
            assert await last == ONE
            await server.until(ended=1)
            await transport.aclose()
        assert server.requests == [0, 1]

    async def test_room_is_made_for_a_request_that_needs_a_new_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "FRESH_SECONDS", 0.0)
        server = Server()
        async with raw_server(server) as url:
            transport = HttpTransport(url, max_connections=1)
            await transport.fetch(QUERY)
            await transport.fetch(MUTATION)
            await server.until(ended=1)
            await transport.aclose()
        assert server.requests == [0, 1]


class TestTls:
    async def test_a_certificate_that_is_trusted_is_good(self, certificate: Path) -> None:
        assert await self.fetch(certificate, ssl.create_default_context(cafile=certificate)) == ONE

    async def test_a_certificate_that_is_not_trusted_is_not(self, certificate: Path) -> None:
        with pytest.raises(SubgraphUnreachable):
            await self.fetch(certificate, None)

    @staticmethod
    async def fetch(certificate: Path, trust: ssl.SSLContext | None) -> SubgraphResponse:
        identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.load_cert_chain(certificate)
        async with raw_server(Server(), tls=identity) as url:
            transport = HttpTransport(url, tls=trust)
            try:
                return await transport.fetch(QUERY)
            finally:
                await transport.aclose()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for the loopback that it has signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
