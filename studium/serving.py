"""Running an ASGI application with uvicorn, the same way everywhere."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

import structlog
from starlette.types import ASGIApp

from router.serve.life.draining import Draining
from router.serve.life.server import SERVER, become_supervisor
from router.serve.life.server import serve as serve_app
from router.serve.life.settings import Life
from studium.embedded.errors import CannotStart
from studium.settings import StudiumSettings

_log = structlog.get_logger("studium.serving")
_OPTIONS: Final[dict[str, Any]] = {**SERVER, "ws_max_size": 4 * 1024 * 1024, "lifespan": "on", "date_header": True}


def serve(
    app: ASGIApp,
    settings: StudiumSettings,
    draining: Draining | None = None,
    look_again: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, and return when all is over.

    Args:
        app: what answers.
        settings: where, and how long the end may take.
        draining: knows what is to be ended, if the application has such.
        look_again: is called at SIGHUP.

    Raises:
        CannotStart: there is something else at the port, or the settings leave no time to end.
    """
    life = _life(settings)
    try:
        serve_app(
            app,
            host=settings.host,
            port=settings.port,
            life=life,
            draining=draining or Draining(),
            look_again=look_again,
            announce=lambda address: _log.info("serving", address=address),
            options=_OPTIONS,
        )
    except OSError as error:
        raise CannotStart(f"Cannot listen at {settings.host}:{settings.port}: {error.strerror}.") from error


def supervise(command: Sequence[str], settings: StudiumSettings) -> NoReturn:
    """Let this process look after workers that run a command and share its port.

    Raises:
        CannotStart: as above.
    """
    life = _life(settings)
    try:
        become_supervisor(command, host=settings.host, port=settings.port, life=life, json_lines=True)
    except OSError as error:
        raise CannotStart(f"Cannot listen at {settings.host}:{settings.port}: {error.strerror}.") from error


def _life(settings: StudiumSettings) -> Life:
    try:
        return Life(settings.workers, settings.notice_seconds, settings.grace_seconds)
    except ValueError as error:
        raise CannotStart("STUDIUM_GRACE_SECONDS has to be longer than STUDIUM_NOTICE_SECONDS.") from error
