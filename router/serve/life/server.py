"""Serves an application until told to stop, and stops in order."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from router.serve.http.door import Door, DoorApp, protocol_at
from router.serve.life.draining import ClosingApp, Draining
from router.serve.life.seat import Seat
from router.serve.life.settings import Life
from router.serve.streams.wire.protocol import WireProtocol

SERVER: Final[Mapping[str, Any]] = {
    "loop": "uvloop",
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "date_header": False,
    "timeout_keep_alive": 75.0,  # longer than most proxies keep theirs
    "ws": WireProtocol,
}
"""How uvicorn serves a router."""

_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")
_BACKLOG: Final = 2048
_LAST_SECONDS: Final = 0.5
"""What is kept of the grace for what comes after the last answer."""


class CannotListen(OSError):
    """Somebody else listens there, or nobody may or can."""

    def __str__(self) -> str:
        return f"Cannot listen at {self.filename}: {self.strerror}."


class _Server(uvicorn.Server):
    """One whose signals are its owner's, and which ends its streams as soon as it takes no more of them."""

    def __init__(self, config: uvicorn.Config, draining: Draining, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._draining = draining
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in self.servers:
            each.close()
        self._draining.end_streams()
        await super().shutdown(sockets)


def serve(  # what a process consists of
    app: ASGIApp,
    *,
    host: str,
    port: int,
    life: Life,
    draining: Draining,
    look_again: Callable[[], None] | None = None,
    announce: Callable[[str], None] | None = None,
    options: Mapping[str, Any] = SERVER,
) -> None:
    """Serve until SIGTERM or SIGINT, and end within the grace; a second signal ends at once.

    SIGHUP calls `look_again`, if there is one; it may be held back before. Under a supervisor it listens where that
    says, and tells it as soon as it answers; otherwise `announce` is told where that is.

    Raises:
        CannotListen: that is impossible there.
        SystemExit: the application did not start, for the reason that has been logged.
    """
    seat = Seat.taken()
    sockets = [bound(host, port) if seat is None else seat.listener]
    door = Door()
    whole = DoorApp(ClosingApp(app, draining), door)
    config = uvicorn.Config(whole, http=protocol_at(door), timeout_graceful_shutdown=_rest(life), **options)

    def ready() -> None:
        if seat is not None:
            seat.say_ready()
        elif announce is not None:
            announce(address_of(host, sockets[0].getsockname()[1]))

    server = _Server(config, draining, ready)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(server, sockets, seat, life, look_again, draining))
    if not server.started and not draining.began:
        sys.exit(STARTUP_FAILURE)


async def _serve(  # as above
    server: _Server,
    sockets: list[socket.socket],
    seat: Seat | None,
    life: Life,
    look_again: Callable[[], None] | None,
    draining: Draining,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, told, signal.SIGTERM)
    if look_again is not None:
        loop.add_signal_handler(signal.SIGHUP, look_again)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    if seat is None:
        loop.add_signal_handler(signal.SIGINT, told, signal.SIGINT)
    else:
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # of a terminal, which its parent hears as well
        seat.watch_parent(stop.set)
    serving, stopped = asyncio.create_task(server.serve(sockets)), asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not serving.done():
        draining.begin()
        await _end(server, serving, life)
    if not serving.cancelled():
        await serving


async def _end(server: _Server, serving: "asyncio.Task[None]", life: Life) -> None:
    """End what is served, in order as long as there is time for that."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + life.grace_seconds
    if server.started:
        await asyncio.wait({serving}, timeout=life.notice_seconds)
        server.should_exit = True
        await asyncio.wait({serving}, timeout=ends - loop.time())
    while not serving.done():
        serving.cancel()
        await asyncio.wait({serving}, timeout=_LAST_SECONDS)


def _rest(life: Life) -> int:
    """Whole seconds that requests have once new ones are refused, as uvicorn wants them."""
    return max(1, int(life.grace_seconds - life.notice_seconds - _LAST_SECONDS))


def bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        CannotListen: there cannot be one.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(error.errno, error.strerror, address_of(host, port)) from error
    return listener


def address_of(host: str, port: int) -> str:
    """A host and a port, as URLs have them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def become_supervisor(command: Sequence[str], *, host: str, port: int, life: Life, json_lines: bool) -> NoReturn:
    """Listen, and let this process look after workers that run a command; it keeps nothing of what it was.

    Args:
        command: of each worker.
        host: address to listen on.
        port: to listen on.
        life: how many workers there are, and how they end.
        json_lines: what it says are JSON objects, as the workers' logs.

    Raises:
        CannotListen: that is impossible there.
    """
    listener = bound(host, port)
    listener.set_inheritable(True)  # as it is called
    address = address_of(host, listener.getsockname()[1])
    told = {
        "greeting": f"Serving http://{address}/graphql with {life.workers} workers",
        "json": json_lines,
        "command": list(command),
        "workers": life.workers,
        "listener": listener.detach(),
        "grace_seconds": life.grace_seconds,
    }
    os.execv(sys.executable, [sys.executable, "-I", "-S", str(_SUPERVISOR), json.dumps(told)])  # noqa: S606  # our own
