"""Operators learn how often tokens are refused, and why; whoever sends many of them fills no log."""

import base64
import json
import logging
from typing import Any

import pytest

from router.serve.access.refusals import SECONDS, Reason, Refusals, key_id


def token(header: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=") + ".payload.signature"


def test_each_reason_is_a_line_now_and_then_with_how_many_there_were(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    refusals = Refusals(lambda: now)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            refusals.add(Reason.SIGNATURE, token({"kid": "one"}))
        refusals.add(Reason.EXPIRED, token({"kid": "two"}))
        now = SECONDS
        refusals.add(Reason.SIGNATURE, "nonsense")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Access tokens refused: signature (1 since this was last said; key id one)."),
        ("INFO", "Access tokens refused: expired (1 since this was last said; key id two)."),
        ("WARNING", "Access tokens refused: signature (5 since this was last said; key id none)."),
    ]


@pytest.mark.parametrize("header", [[], "x", {"kid": 1}, {"kid": "a b"}, {"kid": "line\nbreak"}, {"kid": "x" * 65}, {}])
def test_no_text_passes_for_the_id_of_a_key(header: Any) -> None:
    assert key_id(token(header)) is None
