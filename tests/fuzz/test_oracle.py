"""Code made for a plan does exactly what reading the plan does, for many more answers of the subgraphs: `make fuzz`.

`ORACLE_SEED` is the first seed and `ORACLE_SEEDS` how many each case has, for another or a shorter run.
"""

import os

import pytest

from tests.router.execute.generated.test_oracle import require_agreement
from tests.router.plan.test_cases import ALL, Case

FIRST = int(os.environ.get("ORACLE_SEED", "100000"))
SEEDS = int(os.environ.get("ORACLE_SEEDS", "200"))


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.topic}: {case.sentence}")
async def test_code_answers_as_the_plan_is_read(case: Case) -> None:
    await require_agreement(case, range(FIRST, FIRST + SEEDS))
