"""How what is waiting for the client of a WebSocket gets to it, and how it is found out whether it is still there."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

import orjson

from router.execute.transport.alarms import Alarm
from router.serve.errors import masked
from router.serve.streams.closing import GOING_AWAY, INTERNAL_ERROR, Closed
from router.serve.streams.outbox import End, Event, Message, Notice, Outbox
from router.serve.streams.settings import StreamSettings
from router.serve.streams.socket import Socket, too_slow
from router.serve.streams.wire.wire import Wire
from router.serve.ticks import TICKS

PING: Final = b'{"type":"ping"}'

Over: TypeAlias = Callable[[Closed], None]
"""To be told why a client is given up."""


class WireDelivery:
    """Sends by the short way out, as soon as something is put into the outbox and in the same breath.

    It has no task: thousands of them are woken by one event.
    """

    __slots__ = ("_asked", "_look", "_outbox", "_over", "_patience", "_sent", "_settings", "_wire")

    def __init__(self, wire: Wire, outbox: Outbox, settings: StreamSettings, over: Over) -> None:
        self._wire = wire
        self._outbox = outbox
        self._settings = settings
        self._over = over
        self._sent = asyncio.get_running_loop().time()
        self._asked = False
        """Whether the client was sent a ping, and nothing has been heard of it since."""
        self._patience: Alarm | None = None
        self._look = TICKS.after(settings.keep_alive_seconds, self._look_after)
        outbox.on_waiting = wire.on_writable = self._send
        wire.on_crowded = self._be_patient

    def heard(self) -> None:
        """The client lives."""
        self._asked = False

    async def aclose(self) -> None:
        """Send nothing more."""
        self._outbox.on_waiting = self._wire.on_writable = self._wire.on_crowded = None
        TICKS.off(self._look)
        if self._patience is not None:
            TICKS.off(self._patience)

    def _send(self) -> None:
        self._hurry()
        while self._wire.is_writable:
            message = self._outbox.take()
            if message is None:
                break
            self._wire.write(_written(message))
        self._sent = asyncio.get_running_loop().time()

    def _be_patient(self) -> None:
        self._patience = TICKS.after(self._settings.write_seconds, self._give_up)

    def _hurry(self) -> None:
        if self._patience is not None and self._wire.is_writable:
            TICKS.off(self._patience)
            self._patience = None

    def _give_up(self) -> None:
        self._over(too_slow())

    def _look_after(self) -> None:
        """Where nothing was sent for a while, ask whether the client is still there."""
        now, silence = asyncio.get_running_loop().time(), self._settings.keep_alive_seconds
        left = self._sent + silence - now
        if left > 0:
            self._look = TICKS.after(left, self._look_after)
        elif self._asked:
            self._over(_silent())
        else:
            self._asked = True
            self._wire.write(PING)
            self._sent = now
            self._look = TICKS.after(silence, self._look_after)


class TaskDelivery:
    """Sends as ASGI has it."""

    def __init__(self, socket: Socket, outbox: Outbox, settings: StreamSettings, over: Over) -> None:
        self._socket = socket
        self._outbox = outbox
        self._silence = settings.keep_alive_seconds
        self._over = over
        self._asked = False
        self._task = asyncio.create_task(self._run())

    def heard(self) -> None:
        """The client lives."""
        self._asked = False

    async def aclose(self) -> None:
        """Send nothing more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._write()
        except Closed as closed:
            self._over(closed)
        except Exception as error:  # noqa: BLE001  # whatever it is, the log gets it
            masked(error)
            self._over(Closed(INTERNAL_ERROR, "Internal error"))

    async def _write(self) -> None:
        while True:
            message = await self._outbox.get_within(self._silence)
            if message is not None:
                await self._socket.write(_written(message))
            elif self._asked:
                raise _silent()
            else:
                self._asked = True
                await self._socket.write(PING)


Delivery: TypeAlias = WireDelivery | TaskDelivery


def delivery_of(socket: Socket, outbox: Outbox, settings: StreamSettings, over: Over) -> Delivery:
    """What delivers to a socket."""
    if socket.wire is None:
        return TaskDelivery(socket, outbox, settings, over)
    return WireDelivery(socket.wire, outbox, settings, over)


def _silent() -> Closed:
    return Closed(GOING_AWAY, "The client does not answer")


def _written(message: Message) -> bytes:
    match message:
        case Event():
            return b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(message.operation), message.written())
        case End(id_, None):
            return orjson.dumps({"id": id_, "type": "complete"})
        case End(id_, errors):
            return orjson.dumps({"id": id_, "type": "error", "payload": errors})
        case Notice():
            return orjson.dumps(message.message)
