"""A million inputs that clients might send, and what the router makes of them: `make fuzz`.

`FUZZ_SEED` is the first input and `FUZZ_INPUTS` how many there are, for another or a shorter run.
"""

import os
import sys
from typing import Final

import pytest

from tests.conformance.inputs.runs import PROMPT_SECONDS, Tally, Trials
from tests.conformance.inputs.wires import tried_on_a_server

FIRST: Final = int(os.environ.get("FUZZ_SEED", "1000000000"))
INPUTS: Final = int(os.environ.get("FUZZ_INPUTS", "1000000"))
SHARES: Final = 20
CONNECTIONS: Final = 10_000
"""On which bytes are sent that no library writes."""

ROOM: Final = 10_000_000
"""Seeds of a share: one seed may be several messages on one connection, or one request."""

GROWTH_MEGABYTES: Final = 25
"""What the second half of a share may add to memory, as small caches have long been full by then: a single step of the
allocator's, after the largest inputs, is of nearly that size."""

SMALL: Final = 50
"""Entries of each cache: those of a real router would still fill after a share, and hide what is lost."""


@pytest.fixture(autouse=True)
def _small_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.serve.documents.CACHED_DOCUMENTS", SMALL)
    monkeypatch.setattr("router.serve.engine.CACHED_OPERATIONS", SMALL)


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("share", range(SHARES))
async def test_no_input_hurts(share: int) -> None:
    """Up to the first that does, which is printed with its seed."""
    trials, inputs = Trials(), INPUTS // SHARES
    first = FIRST + share * ROOM
    found = await trials.run(range(first, first + ROOM), inputs=inputs, window=max(1, inputs // 10))
    sys.stderr.write(f"share {share}: {trials.tally}\n")
    assert found is None, str(found)
    assert trials.tally.inputs >= inputs
    assert _growth(trials.tally) < GROWTH_MEGABYTES
    assert {(each.handles, each.tasks) for each in trials.tally.windows[1:]} == {
        (trials.tally.windows[0].handles, trials.tally.windows[0].tasks)
    }
    for seed in trials.tally.late:
        assert await trials.held(seed) < PROMPT_SECONDS, f"input {seed} keeps the event loop busy"


@pytest.mark.timeout(7_200)
async def test_no_bytes_on_a_connection_hurt() -> None:
    found = await tried_on_a_server(range(FIRST, FIRST + min(INPUTS, CONNECTIONS)))
    assert found is None, str(found)


def _growth(tally: Tally) -> float:
    """From the middle to the end, in megabytes."""
    half = tally.windows[len(tally.windows) // 2 :]
    return half[-1].megabytes - half[0].megabytes
