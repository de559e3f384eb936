"""What cannot be served is refused in one sentence."""

import pytest
from starlette.applications import Starlette

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
