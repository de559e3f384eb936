"""What cannot be served is refused in one sentence; what is served is told in the log."""

from typing import Any

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from router.serve.life.server import bound
from studium.embedded.errors import CannotStart
from studium.serving import serve
from studium.settings import StudiumSettings


def test_a_port_that_is_taken_is_refused() -> None:
    with bound("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Cannot listen at 127.0.0.1:{port}: Address already in use."):
            serve(Starlette(), StudiumSettings(port=port))


def test_an_end_without_time_is_refused() -> None:
    with pytest.raises(CannotStart, match="STUDIUM_GRACE_SECONDS"):
        serve(Starlette(), StudiumSettings(notice_seconds=2, grace_seconds=1))


def test_the_log_says_when_and_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(_: object, **options: Any) -> None:
        options["announce"]("127.0.0.1:8000")

    monkeypatch.setattr("studium.serving.serve_app", answers)
    with capture_logs() as entries:
        serve(Starlette(), StudiumSettings())
    assert entries == [{"event": "serving", "address": "127.0.0.1:8000", "log_level": "info"}]
