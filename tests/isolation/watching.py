"""What whoever runs the platform sees of what tenants have written: in logs, traces, metrics and Redis."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final, cast

from redis.asyncio import Redis

from shared.events.connection import connect
from tests.isolation.client import Client
from tests.isolation.world import Inhabitants, World

_EVENTS: Final = (b"events:", b"dead:")
"""What the streams are called that carry events."""


async def seen_by_operators(world: World, client: Client) -> list[str]:
    """Lines of logs, traces and metrics with a tenant's word or a session's token in them."""
    places = {
        "log": await asyncio.to_thread(Path(world.address.log).read_text),
        "traces": await asyncio.to_thread(Path(world.address.spans).read_text),
        "metrics": await _metrics(client),
    }
    assert [name for name, sign in _SIGNS.items() if sign not in places[name]] == []  # else nothing is looked at
    secrets = [text for one in _tenants(world) for text in (one.canary, one.owner.rpartition(".")[2])]
    lines = ((name, line) for name, text in places.items() for line in text.splitlines())
    return [f"{name}: {line}" for name, line in lines if any(each in line for each in secrets)]


async def kept_in_redis(world: World) -> tuple[int, list[str]]:
    """How many events have a tenant's word, and what has one that is no event of that tenant's own: keys, values."""
    redis, events, found = connect(world.address.redis), 0, list[str]()
    try:
        async for key, texts in _contents(redis):
            for one in _tenants(world):
                told = [text for text in (key, *texts) if _has(text, one)]
                own = [text for text in told if key.startswith(_EVENTS) and not _is_anothers(world, text, one)]
                found += [f"{key!r}: {text!r}" for text in told if text not in own]
                events += len(own)
    finally:
        await redis.aclose()
    return events, found


def _is_anothers(world: World, text: bytes, one: Inhabitants) -> bool:
    """Whether an event is the other tenant's; mutations that are tried sign up a third, in words of who tries."""
    others = (each for each in _tenants(world) if each is not one)
    return str(one.id).encode() not in text and any(str(each.id).encode() in text for each in others)


_SIGNS: Final = {"log": "onboarding.active", "traces": "SELECT", "metrics": "router"}
"""What is in each place of a platform that tenants have moved into."""


def _tenants(world: World) -> tuple[Inhabitants, Inhabitants]:
    return world.amber, world.birch


async def _metrics(client: Client) -> str:
    async with client.http.get(f"http://{client.address.router}/metrics") as response:
        return await response.text()


def _has(text: bytes, one: Inhabitants) -> bool:
    return one.canary.encode() in text


async def _contents(redis: Redis) -> AsyncGenerator[tuple[bytes, list[bytes]]]:
    """Every key, and what it holds: the fields of an entry of a stream as one text, else all of it."""
    server = cast("Any", redis)
    async for key in server.scan_iter(count=1000):
        if await server.type(key) == b"stream":
            entries = await server.xrange(key)
            yield key, [b" ".join([*fields.keys(), *fields.values()]) for _, fields in entries]
        else:
            yield key, [await server.dump(key) or b""]
