"""The hub: wakes whoever waits in this process when something has changed elsewhere.

Redis pub/sub may lose a message, so nothing that has to arrive goes through the hub. A wake means "read again"; what
is read comes from a database. The hub therefore promises only this: after a change was published, each subscriber of
its channel finds at least one message waiting. A subscriber that is too slow gets `Wake.RESYNC` in place of what it
missed, and everybody gets it when the connection to Redis had been lost.

One connection serves the whole process, for as long as it lasts. Two tasks share it: one brings the server's
subscriptions in line with the wanted ones, the other reads. When either fails both end, and after a pause a new
connection starts from the wanted channels. Subscribers never touch the connection: they come and go as they like.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Self

import structlog
from redis.exceptions import RedisError

from shared.events.backoff import Backoff
from shared.events.connection import connect, connect_patiently
from shared.events.repeat import heed_cancellation
from shared.events.subscription import Message, Subscription, Wake

__all__ = ["Hub", "Message", "Subscription", "Wake"]

_log = structlog.get_logger()

_HEARTBEAT = "hub:heartbeat"
"""Always subscribed, since redis-py doesn't read from a connection without subscriptions."""
_PING_EVERY = 5.0
_SILENCE_LIMIT = 15.0
"""Seconds without a word, not even the answer to a ping, after which the connection counts as lost."""
_CHANNELS_PER_COMMAND = 500


class Hub:
    """Live fan-out to the subscribers in one process. Use it as an async context manager."""

    def __init__(self, url: str) -> None:
        self._publishing: Any = connect_patiently(url)
        # a client that reconnects by itself would miss in silence what was published meanwhile
        self._listening: Any = connect(url)
        self._subscribers: dict[str, set[Subscription]] = {}
        self._wanted_changed = asyncio.Event()
        self._link: _Link | None = None
        self._running: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run(), name="hub")
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait({self._running}, timeout=1)
        self._running = None
        await self._listening.aclose()
        await self._publishing.aclose()

    @contextlib.asynccontextmanager
    async def subscribe(
        self, channel: str, *, capacity: int = 16, confirm_within: float = 2.0
    ) -> AsyncGenerator[Subscription]:
        """Listen to a channel for the length of the block.

        Whatever is published once the block has been entered leaves a message waiting. If Redis can't confirm in time
        the block is entered all the same, since a RESYNC follows as soon as it can.
        """
        subscription = Subscription(channel, capacity)
        self._subscribers.setdefault(channel, set()).add(subscription)
        try:
            if self._link is not None and self._link.delivers(channel):
                subscription.confirm()
            else:
                self._wanted_changed.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(confirm_within):
                        await subscription.confirmed.wait()
            subscription.reading = True
            yield subscription
        finally:
            self._leave(subscription)

    async def publish(self, channel: str, payload: bytes = b"") -> None:
        """Wake the subscribers of a channel, in every process.

        Raises:
            RedisError: Redis can't be reached; nobody was woken.
        """
        await self._publishing.publish(channel, payload)

    def subscribers_of(self, channel: str) -> frozenset[Subscription]:
        return frozenset(self._subscribers.get(channel, ()))

    @property
    def wanted(self) -> frozenset[str]:
        """The channels somebody in this process listens to."""
        return frozenset(self._subscribers)

    async def wanted_changed(self) -> None:
        """Wait until a channel was added or dropped since the last call."""
        await self._wanted_changed.wait()
        self._wanted_changed.clear()

    def _leave(self, subscription: Subscription) -> None:
        others = self._subscribers[subscription.channel]
        others.discard(subscription)
        if not others:
            del self._subscribers[subscription.channel]
            self._wanted_changed.set()

    async def _run(self) -> None:
        backoff = Backoff(first=0.05, longest=2.0)
        while True:
            try:
                async with self._listening.pubsub() as pubsub:
                    self._link = _Link(self, pubsub)
                    await self._link.run(backoff)
            except* (RedisError, OSError) as failures:
                _log.warning("hub connection lost", error=repr(failures.exceptions[0]))
            except* Exception:  # noqa: BLE001 - logged
                # a hub that has fallen silent is worse than one that reconnects after a bug
                _log.exception("hub connection failed")
            finally:
                self._link = None
                self.connected.clear()
                for subscription in self._everybody():
                    subscription.confirmed.clear()
            await backoff.pause()

    def _everybody(self) -> Iterator[Subscription]:
        for subscriptions in self._subscribers.values():
            yield from subscriptions


class _Link:
    """One connection to Redis, from its start to its loss."""

    def __init__(self, hub: Hub, pubsub: Any) -> None:
        self._hub = hub
        self._pubsub = pubsub
        self._unanswered: Counter[str] = Counter()
        """Commands sent for a channel whose answers are still to come: only the last answer tells how things stand."""
        self._delivered: set[str] = set()

    def delivers(self, channel: str) -> bool:
        """Tell whether Redis has confirmed the channel and nothing else is under way for it."""
        return channel in self._delivered

    async def run(self, backoff: Backoff) -> None:
        async with asyncio.TaskGroup() as tasks:
            subscribed = asyncio.Event()
            tasks.create_task(self._reconcile(subscribed))
            await subscribed.wait()
            backoff.reset()
            self._hub.connected.set()
            tasks.create_task(self._listen())

    async def _reconcile(self, subscribed: asyncio.Event) -> None:
        await self._send(self._pubsub.subscribe, _HEARTBEAT)
        subscribed.set()
        asked: frozenset[str] = frozenset()
        while True:
            heed_cancellation()
            wanted = self._hub.wanted
            await self._ask(self._pubsub.subscribe, wanted - asked)
            await self._ask(self._pubsub.unsubscribe, asked - wanted)
            asked = wanted
            try:
                async with asyncio.timeout(_PING_EVERY):
                    await self._hub.wanted_changed()
            except TimeoutError:
                await self._send(self._pubsub.ping)

    async def _ask(self, command: Any, channels: frozenset[str]) -> None:
        ordered = sorted(channels)
        self._delivered -= channels
        for start in range(0, len(ordered), _CHANNELS_PER_COMMAND):
            some = ordered[start : start + _CHANNELS_PER_COMMAND]
            self._unanswered.update(some)
            await self._send(command, *some)

    async def _send(self, command: Any, *arguments: str) -> None:
        await command(*arguments)
        heed_cancellation()

    async def _listen(self) -> None:
        while True:
            heed_cancellation()
            message: dict[str, Any] | None = await self._pubsub.get_message(timeout=_SILENCE_LIMIT)
            if message is None:
                raise TimeoutError(f"silent for {_SILENCE_LIMIT} s")
            if message["type"] == "message":
                self._deliver(message["channel"].decode(), message["data"])
            elif message["type"] in {"subscribe", "unsubscribe"}:
                self._answered(message["type"], message["channel"].decode())

    def _deliver(self, channel: str, payload: bytes) -> None:
        for subscription in self._hub.subscribers_of(channel):
            subscription.deliver(payload)

    def _answered(self, answer: str, channel: str) -> None:
        self._unanswered[channel] -= 1
        if self._unanswered[channel] > 0:
            return
        del self._unanswered[channel]
        if answer == "subscribe":
            self._delivered.add(channel)
            for subscription in self._hub.subscribers_of(channel):
                subscription.confirm()
