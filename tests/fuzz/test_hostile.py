"""No input of the table of hostile ones holds the event loop for longer than nobody's request may: `make fuzz`."""

import gc
from typing import Final

import pytest

from tests.conformance.hostile.rows import ROWS, TALKS, Row, Talk
from tests.conformance.hostile.test_rows import applications
from tests.conformance.inputs.asgi import exchanged
from tests.conformance.inputs.runs import PROMPT_SECONDS
from tests.conformance.inputs.talk import talked

ATTEMPTS: Final = 5
"""The best of them counts: a busy machine makes others longer."""


@pytest.mark.parametrize("row", [*ROWS, *TALKS], ids=lambda row: f"{row.id} {row.what}")
async def test_an_input_holds_nobody_up(row: Row | Talk) -> None:
    times: list[float] = []
    for _ in range(ATTEMPTS):
        applications.cache_clear()  # nothing is remembered of the last time
        app = applications()[row.app if isinstance(row, Row) else "catalogue"]
        gc.collect()
        taken = await (exchanged(app, row.make()) if isinstance(row, Row) else talked(app, row.script))
        times.append(taken.seconds)
    assert min(times) < PROMPT_SECONDS
