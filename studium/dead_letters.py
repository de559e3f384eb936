"""`studium dead-letters`: events that a subgraph has given up on, shown, delivered to it again, or dropped."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.events.connection import connect
from shared.events.dead_letters import DeadLetter, dead_letters, deliver_again, drop
from shared.masking import masked_text
from studium.embedded.errors import CannotStart
from studium.embedded_settings import with_embedded
from studium.keys import given
from studium.platform import SUBGRAPHS
from studium.settings import StudiumSettings

_REASON_CHARACTERS: Final = 200


def run(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Do with the dead letters that were named what was asked for; status 1 if one is not there, or is no event.

    Raises:
        CannotStart: it is not known where Redis is, or it does not answer.
    """
    url = given(with_embedded(settings).redis_url, "REDIS_URL").get_secret_value()
    try:
        return asyncio.run(_run(url, options))
    except (RedisConnectionError, RedisTimeoutError) as error:
        message = f"Redis does not answer; is it running? {masked_text(str(error))}"
        raise CannotStart(message) from None


async def _run(url: str, options: argparse.Namespace) -> int:
    redis, failed, missing = connect(url), False, set[str](options.id or [])
    try:
        async for letter in _chosen(redis, options.consumer, options.id or []):
            missing.discard(letter.id.decode())
            match options.action:
                case "retry" if await deliver_again(redis, letter):
                    said = "delivered again"
                case "retry":
                    said, failed = "is no event: drop it", True
                case "drop":
                    await drop(redis, letter)
                    said = "dropped"
                case _:
                    said = masked_text(letter.reason)[:_REASON_CHARACTERS]
            print(f"{_line_of(letter)} {said}")  # noqa: T201 - what the command is for
    finally:
        await redis.aclose()
    for id_ in sorted(missing):
        print(f"{options.consumer} {id_} is no dead letter", file=sys.stderr)  # noqa: T201 - as above
    return int(failed or bool(missing))


async def _chosen(redis: Redis, consumer: str | None, ids: Sequence[str]) -> AsyncGenerator[DeadLetter]:
    for name in SUBGRAPHS if consumer is None else [consumer]:
        async for letter in dead_letters(redis, name):
            if not ids or letter.id.decode() in ids:
                yield letter


def _line_of(letter: DeadLetter) -> str:
    """Who gave it up, which it is, when, and what it was; never what it says, as that may be personal."""
    event = letter.event
    about = "-" if event is None else f"tenant={event.tenant_id} event={event.event_id} {event.topic}"
    at = letter.given_up_at.isoformat(timespec="seconds")
    return f"{letter.consumer} {letter.id.decode()} {at} {about}"
