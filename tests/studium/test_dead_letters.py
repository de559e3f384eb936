"""`studium dead-letters`: what was given up is told without what it says, and delivered again or dropped."""

import socket
from argparse import Namespace
from collections.abc import Generator
from typing import Any, Final, cast

import pytest
import redis
import redis.asyncio as aredis
from pydantic import SecretStr

from shared.events.dead_letters import dead_letters, dead_letters_of, retries_of
from shared.ids import uuid7
from studium.dead_letters import run
from studium.embedded.errors import CannotStart
from studium.settings import StudiumSettings
from tests.servers import Servers

CONSUMER: Final = "analytics"


@pytest.fixture
def server(servers: Servers) -> Generator[Any]:
    """Without dead letters of the consumer."""
    with cast("Any", redis.Redis).from_url(servers.redis) as client:
        client.delete(dead_letters_of(CONSUMER), retries_of(CONSUMER))
        yield client
        client.delete(dead_letters_of(CONSUMER), retries_of(CONSUMER))


def bury(server: Any, topic: str) -> str:
    """As a consumer does."""
    event = {"event_id": str(uuid7()), "tenant_id": str(uuid7()), "topic": topic, "payload": '{"name": "canary"}'}
    buried = {**event, "stream": "events:users", "entry_id": "1-1", "reason": "Error('ada@school.example')"}
    return server.xadd(dead_letters_of(CONSUMER), buried).decode()


def test_they_are_listed_delivered_again_and_dropped(
    server: Any, servers: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = StudiumSettings.model_validate({"redis_url": SecretStr(servers.redis)})
    first, second = bury(server, "users.user-joined.v1"), bury(server, "users.user-updated.v1")
    none = server.xadd(dead_letters_of(CONSUMER), {"hello": "world"}).decode()

    def do(action: str, *ids: str, **more: Any) -> int:
        return run(settings, Namespace(action=action, consumer=CONSUMER, id=list(ids) or None, **more))

    assert do("list") == 0
    told = capsys.readouterr().out
    assert [line.split()[1] for line in told.splitlines()] == [first, second, none]
    assert "users.user-joined.v1 Error(" in told
    assert "canary" not in told
    assert "ada@" not in told
    assert do("retry", first) == 0
    assert do("retry", first) == 1
    assert f"{first} is no dead letter" in capsys.readouterr().err
    [(_, fields)] = server.xrange(retries_of(CONSUMER))
    assert fields.keys() == {b"event_id", b"tenant_id", b"topic", b"payload"}
    assert do("retry", all=True) == 1
    assert (server.xlen(dead_letters_of(CONSUMER)), server.xlen(retries_of(CONSUMER))) == (1, 2)
    assert do("drop", none) == 0
    assert server.xlen(dead_letters_of(CONSUMER)) == 0
    assert "is no event: drop it" in capsys.readouterr().out


async def test_one_that_fails_again_meanwhile_waits_for_the_next_time(server: Any, servers: Servers) -> None:
    ids = [bury(server, "users.user-joined.v1") for _ in range(2)]
    async with cast("Any", aredis.Redis).from_url(servers.redis) as client:
        seen: list[str] = []
        async for letter in dead_letters(client, CONSUMER):
            seen.append(letter.id.decode())
            assert len(seen) <= len(ids)
            bury(server, "users.user-joined.v1")
    assert seen == ids


def test_that_nobody_answers_is_one_sentence_without_the_password() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = SecretStr(f"redis://:hush@127.0.0.1:{nobody.getsockname()[1]}/0")
        settings = StudiumSettings.model_validate({"redis_url": url})
        with pytest.raises(CannotStart, match=r"^Redis does not answer; is it running\?") as refused:
            run(settings, Namespace(action="list", consumer=CONSUMER, id=None))
    assert "hush" not in str(refused.value)
