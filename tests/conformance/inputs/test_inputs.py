"""Whatever clients send, the router answers by the specifications, promptly, and nothing is left of it."""

from typing import Final

import pytest

from tests.conformance.inputs.runs import Trials
from tests.conformance.inputs.wires import tried_on_a_server

INPUTS: Final = 1_000
CONNECTIONS: Final = 60
HELD_SECONDS: Final = 5.0
"""Of processor time. Generous: what it guards against takes many seconds."""


@pytest.mark.timeout(900)
async def test_no_input_hurts() -> None:
    trials = Trials()
    found = await trials.run(range(1_000_000), inputs=INPUTS, window=INPUTS // 2)
    assert found is None, str(found)
    assert trials.tally.inputs >= INPUTS
    assert trials.tally.longest < HELD_SECONDS
    assert len({each.tasks for each in trials.tally.windows}) == 1


@pytest.mark.timeout(900)
async def test_no_bytes_on_a_connection_hurt() -> None:
    found = await tried_on_a_server(range(CONNECTIONS))
    assert found is None, str(found)
