"""A process ends in order."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from router.serve.life.server import CannotListen, address_of, bound
from tests.patience import PATIENCE_SECONDS

T = TypeVar("T")

pytestmark = [pytest.mark.xdist_group("life"), pytest.mark.timeout(6 * PATIENCE_SECONDS)]

SERVED = """
import os, signal, sys
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from router.serve.life.draining import Draining
from router.serve.life.server import serve
from router.serve.life.settings import Life

@asynccontextmanager
async def lifespan(app):
    if sys.argv[2] == "fails":
        raise ValueError
    yield
    print("closed", flush=True)

draining = Draining()

async def answer(request):
    return PlainTextResponse(str(draining.began))

app = Starlette(routes=[Route("/", answer)], lifespan=lifespan)
life = Life(notice_seconds=float(sys.argv[3]), grace_seconds=300)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
os.kill(os.getpid(), signal.SIGHUP)
told = {"look_again": lambda: print("looked", flush=True), "announce": lambda each: print(each, flush=True)}
serve(app, host="127.0.0.1", port=int(sys.argv[1]), life=life, draining=draining, **told)
print("served", flush=True)
"""


def until(found: Callable[[], T | None]) -> T:
    """What is there sooner or later."""
    ends = time.monotonic() + 3 * PATIENCE_SECONDS
    while (value := found()) is None:
        assert time.monotonic() < ends
        time.sleep(0.05)
    return value


def free_port() -> int:
    with bound("127.0.0.1", 0) as listener:
        return listener.getsockname()[1]


def serving(port: int, *told: str) -> "subprocess.Popen[str]":
    """A process that serves one answer: whether it is about to end."""
    command = [sys.executable, "-c", SERVED, str(port), *told]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours


def asked(connection: http.client.HTTPConnection) -> tuple[str, str | None] | None:
    """An answer, and what it says of its connection; None while nobody answers."""
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.read().decode(), response.headers["connection"]
    except OSError:
        connection.close()
        return None


def connected(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)


def test_where_nobody_can_listen_is_told_with_the_place() -> None:
    with bound("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Cannot listen at 127.0.0.1:{port}: Address already in use."):
            bound("127.0.0.1", port)
    assert address_of("::1", 4000) == "[::1]:4000"


def test_a_router_that_starts_does_not_end_when_told_to_look_for_another_supergraph(tmp_path: Path) -> None:
    config = tmp_path / "router.yaml"
    os.mkfifo(config)
    command = [sys.executable, "-m", "router", "serve", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  # ours
        with config.open("w") as file:  # as soon as it is read
            process.send_signal(signal.SIGHUP)
            file.write("nothing: 1")
        assert "There is no such key" in process.communicate(timeout=3 * PATIENCE_SECONDS)[1]
    assert process.returncode == 1


def test_told_once_it_ends_in_order_and_goes_on_after_serving() -> None:
    port = free_port()
    with serving(port, "starts", "0") as process:
        assert until(lambda: asked(connected(port))) == ("False", None)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=3 * PATIENCE_SECONDS)[0].split()
        assert told == ["looked", f"127.0.0.1:{port}", "closed", "served"], "a SIGHUP that came too early has waited"
    assert process.returncode == 0
