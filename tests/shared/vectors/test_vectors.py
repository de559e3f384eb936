"""The contract of the vector port, kept by every adapter whose engine is there."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from math import cos, sin
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from shared.caller import Caller, TenantId, service_caller
from shared.database import Sessions
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.roles import Admin, login_url
from shared.vectors.baseline import EXTENSION
from shared.vectors.pgvector import PgVectors
from shared.vectors.pinecone import PineconeVectors
from shared.vectors.port import DIMENSIONS, VectorIndex
from tests.servers import Servers

SECRET = SecretStr("the secret of the tests, long enough")
MIGRATIONS = SubgraphMigrations("vectors", Path(__file__).parent / "versions", extensions=(EXTENSION,))
API_KEY = SecretStr("test-key")


def direction(angle: float) -> list[float]:
    """A vector in the plane of the first two dimensions."""
    return [cos(angle), sin(angle), *([0.0] * (DIMENSIONS - 2))]


EAST, NORTHEAST, NORTH = (UUID(int=number) for number in (1, 2, 3))
COMPASS = {EAST: direction(0), NORTHEAST: direction(0.7854), NORTH: direction(1.5708)}


@pytest.fixture(scope="session")
def database(servers: Servers) -> Servers:
    """The servers, with the database of the vectors."""

    async def prepare() -> None:
        admin = Admin(servers.database)
        await prepare_platform(admin, SECRET, [MIGRATIONS])
        await admin.aclose()

    asyncio.run(prepare())
    return servers


@pytest.fixture(scope="session")
def pinecone_host() -> Generator[SecretStr]:
    """A local engine that speaks Pinecone's wire format."""
    command = [sys.executable, str(Path(__file__).with_name("pinecone_server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:  # noqa: S603 - ours
        assert engine.stdout
        yield SecretStr(f"http://127.0.0.1:{engine.stdout.readline().strip()}")
        engine.terminate()


@pytest.fixture(params=["pgvector", "pinecone"])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine's name, once it runs."""
    request.getfixturevalue({"pgvector": "database", "pinecone": "pinecone_host"}[request.param])
    return request.param


@pytest.fixture
async def sessions(engine: str, request: pytest.FixtureRequest) -> AsyncGenerator[Sessions | None]:
    """PostgreSQL sessions, for the engine that lives there."""
    if engine != "pgvector":
        yield None
        return
    servers: Servers = request.getfixturevalue("database")
    sessions = Sessions.create(login_url(servers.database, "vectors", SECRET), subgraph="vectors")
    yield sessions
    await sessions.aclose()


@pytest.fixture
async def vectors(sessions: Sessions | None, request: pytest.FixtureRequest) -> AsyncGenerator[VectorIndex]:
    """The port, on each engine."""
    index: VectorIndex
    if sessions:
        index = PgVectors(sessions)
    else:
        index = PineconeVectors(request.getfixturevalue("pinecone_host"), api_key=API_KEY)
    yield index
    await index.aclose()


async def provisioned(sessions: Sessions | None, request: pytest.FixtureRequest) -> Caller:
    """A caller of a new tenant."""
    tenant_id = TenantId(uuid7())
    if sessions:
        servers: Servers = request.getfixturevalue("database")
        admin = Admin(servers.database)
        await Provisioner(admin, [MIGRATIONS]).provision(tenant_id)
        await admin.aclose()
    return service_caller(tenant_id, "vectors")


@pytest.fixture
async def school(sessions: Sessions | None, request: pytest.FixtureRequest) -> Caller:
    """A tenant."""
    return await provisioned(sessions, request)


@pytest.fixture
async def rival(sessions: Sessions | None, request: pytest.FixtureRequest) -> Caller:
    """Another tenant."""
    return await provisioned(sessions, request)


class TestVectors:
    async def test_the_nearest_come_first(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        found = await vectors.query(school, direction(0.1), limit=10, released_only=False)
        assert [neighbour.id for neighbour in found] == [EAST, NORTHEAST, NORTH]

    async def test_similarity_is_the_cosine_of_the_angle(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        found = await vectors.query(school, direction(0), limit=10, released_only=False)
        assert [neighbour.similarity for neighbour in found] == pytest.approx([1, cos(0.7854), 0], abs=1e-4)

    async def test_the_length_of_a_vector_does_not_count(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, {EAST: [5.0 * x for x in direction(0)]})
        (found,) = await vectors.query(school, direction(0), limit=10, released_only=False)
        assert found.similarity == pytest.approx(1)

    async def test_no_more_than_asked_for(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        assert [each.id for each in await vectors.query(school, direction(1.6), limit=1, released_only=False)] == [
            NORTH
        ]

    async def test_an_upsert_replaces(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        await vectors.upsert(school, {NORTH: direction(0)})
        similar = {
            each.id: each.similarity
            for each in await vectors.query(school, direction(0), limit=10, released_only=False)
        }
        assert similar[NORTH] == pytest.approx(1)

    async def test_a_deleted_vector_is_not_found(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        await vectors.delete(school, [EAST, UUID(int=99)])
        assert EAST not in [
            each.id for each in await vectors.query(school, direction(0), limit=10, released_only=False)
        ]

    async def test_nothing_is_found_among_nothing(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, {})
        await vectors.delete(school, [])
        await vectors.delete(school, [EAST])
        assert list(await vectors.query(school, direction(0), limit=10, released_only=False)) == []

    async def test_many_are_written_at_once(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, {UUID(int=number): direction(number / 300) for number in range(1, 251)})
        assert len(await vectors.query(school, direction(0), limit=100, released_only=False)) == 100

    async def test_writers_of_the_same_vectors_do_not_block_each_other(
        self, vectors: VectorIndex, school: Caller
    ) -> None:
        forwards, backwards = COMPASS, dict(reversed(COMPASS.items()))
        await asyncio.gather(*(vectors.upsert(school, each) for each in (forwards, backwards) * 4))
        assert len(await vectors.query(school, direction(0), limit=10, released_only=False)) == 3

    async def test_only_what_is_released_is_found_and_counts_towards_the_limit(
        self, vectors: VectorIndex, school: Caller
    ) -> None:
        hidden = {UUID(int=number): direction(number / 3000) for number in range(10, 260)}
        await vectors.upsert(school, hidden)
        await vectors.upsert(school, COMPASS, released=[NORTH, NORTHEAST])
        released = await vectors.query(school, direction(0), limit=2, released_only=True)
        assert [each.id for each in released] == [NORTHEAST, NORTH]
        (nearest,) = await vectors.query(school, direction(0), limit=1, released_only=False)
        assert nearest.id == EAST

    async def test_a_release_can_come_later(self, vectors: VectorIndex, school: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        assert list(await vectors.query(school, direction(0), limit=9, released_only=True)) == []
        await vectors.upsert(school, COMPASS, released=[EAST])
        assert [each.id for each in await vectors.query(school, direction(0), limit=9, released_only=True)] == [EAST]

    async def test_a_tenant_finds_its_own_only(self, vectors: VectorIndex, school: Caller, rival: Caller) -> None:
        await vectors.upsert(school, COMPASS)
        await vectors.upsert(rival, {EAST: direction(0)})
        await vectors.delete(rival, [NORTH])
        assert [each.id for each in await vectors.query(rival, direction(0), limit=10, released_only=False)] == [EAST]
        assert len(await vectors.query(school, direction(0), limit=10, released_only=False)) == 3

    async def test_the_engine_answers_a_ping(self, vectors: VectorIndex) -> None:
        await vectors.ping()


class TestPinecone:
    async def test_a_refused_key_is_said_in_the_platforms_words(self, pinecone_host: SecretStr) -> None:
        vectors = PineconeVectors(pinecone_host, api_key=SecretStr("wrong"))
        with pytest.raises(Unavailable):
            await vectors.ping()
        await vectors.aclose()
