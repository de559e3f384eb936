"""What the tests of every subgraph share: tokens, the hub, and asking a subgraph as somebody."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from shared.authentication import PASSWORD, Authentication
from shared.caller import Caller
from shared.database import Sessions
from shared.events import Hub
from shared.graphql.app import SubgraphApp
from shared.jwks import LocalKeys
from shared.passwords import Passwords
from shared.tokens import (
    AUDIENCE,
    ISSUER,
    LIFETIME_SECONDS,
    TYPE,
    TokenIssuer,
    TokenVerifier,
    generate_signing_key,
)
from studium.ending import cancelled
from tests.servers import Servers
from tests.subgraphs.lasting import LastingEngines
from tests.tenants import Control

Headers: TypeAlias = dict[str, str]
SignIn: TypeAlias = Callable[[Caller], Headers]
Ask: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def _function_scoped_runner(_session_scoped_runner: asyncio.Runner) -> Generator[asyncio.Runner]:
    """All these tests run in one event loop, by the name that pytest-asyncio asks a test's own for.

    So do their asynchronous fixtures, whatever they are for; what is connected in one test is of use to the next. What
    a test leaves running ends with it all the same.
    """
    loop = _session_scoped_runner.get_loop()
    earlier = asyncio.all_tasks(loop)
    yield _session_scoped_runner
    left = asyncio.all_tasks(loop) - earlier
    if left:
        _session_scoped_runner.run(_end(left))


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*map(cancelled, tasks))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lasting_engines(servers: Servers) -> AsyncGenerator[LastingEngines]:
    """The engines of that loop; they are closed while the `servers` still run."""
    engines = LastingEngines(asyncio.get_running_loop())
    yield engines
    await engines.aclose()


@pytest.fixture(autouse=True)
def _connected(request: pytest.FixtureRequest) -> Generator[None]:
    """What a test opens has one of the engines that last."""
    if "control" not in request.fixturenames:
        yield
        return
    engines: LastingEngines = request.getfixturevalue("lasting_engines")
    with engines.given():
        yield


@pytest.fixture(scope="session")
def issuer() -> TokenIssuer:
    """Signs tokens with a key of its own."""
    return TokenIssuer(generate_signing_key())


@pytest.fixture(scope="session")
def verifier(issuer: TokenIssuer) -> TokenVerifier:
    """Verifies what `issuer` signs."""
    return TokenVerifier(LocalKeys(issuer.public_keys))


@pytest.fixture
def signed_in(issuer: TokenIssuer) -> SignIn:
    """The headers of a request by a caller."""

    def headers(caller: Caller) -> Headers:
        assert caller.session_id is not None
        proof = None
        if caller.auth_time is not None:
            proof = Authentication.of(datetime.fromtimestamp(caller.auth_time, UTC), [PASSWORD])
        if caller.client_id is not None:
            return {"Authorization": f"Bearer {_app_token(issuer, caller)}"}
        token = issuer.issue(
            caller.tenant_id,
            caller.require_user(),
            caller.session_id,
            role=caller.role,
            scopes=caller.scopes,
            authentication=proof,
        )
        return {"Authorization": f"Bearer {token.access_token}"}

    return headers


def _app_token(issuer: TokenIssuer, caller: Caller) -> str:
    """What an app is given that acts for a person."""
    now = issuer.now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(caller.user_id),
        "client_id": str(caller.client_id),
        "tid": str(caller.tenant_id),
        "sid": str(caller.session_id),
        "role": caller.role,
        "scope": " ".join(sorted(caller.scopes)),
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    return issuer.sign(claims, type_=TYPE)


@pytest.fixture
async def hub(servers: Servers) -> AsyncGenerator[Hub]:
    """The hub of this process."""
    async with Hub(servers.redis) as running:
        yield running


@pytest.fixture
def quick_passwords() -> Passwords:
    """Hashes that cost nothing, so that tests are quick; the algorithm is the real one."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@asynccontextmanager
async def started(subgraph: SubgraphApp) -> AsyncGenerator[SubgraphApp]:
    """A subgraph for the length of the block."""
    await subgraph.start()
    yield subgraph
    await subgraph.aclose()


@asynccontextmanager
async def opened(control: Control, subgraph: str, *, pool_size: int = 8) -> AsyncGenerator[Sessions]:
    """Sessions of a subgraph's login role, for the length of the block."""
    sessions = Sessions.create(control.login_url(subgraph), subgraph=subgraph, pool_size=pool_size)
    yield sessions
    await sessions.aclose()


def asking(subgraph: SubgraphApp, signed_in: SignIn) -> Ask:
    """Ask a subgraph, as the caller `by` or as nobody."""

    async def answer(
        query: str, variables: Mapping[str, Any] | None = None, *, by: Caller | None = None
    ) -> dict[str, Any]:
        return await subgraph.service.execute(query, variables, headers=signed_in(by) if by else {})

    return answer


def code_of(answer: dict[str, Any]) -> str:
    """The code of an answer's only error."""
    [error] = answer["errors"]
    return error["extensions"]["code"]
