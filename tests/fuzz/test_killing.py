"""Provisioning and migrations that are killed, at other moments in each run: `make fuzz`."""

import random
from pathlib import Path

import pytest

from tests.shared.tenancy import killing
from tests.tenants import Control

MOMENTS = 40


@pytest.mark.parametrize("moment", range(MOMENTS))
async def test_provisioning_goes_on(control: Control, moment: int) -> None:
    await killing.provisioning_goes_on(control, seed=moment + MOMENTS * random.randrange(10**6))


@pytest.mark.parametrize("moment", range(MOMENTS))
async def test_migrating_goes_on(control: Control, tmp_path: Path, moment: int) -> None:
    await killing.migrating_goes_on(control, tmp_path, seed=moment + MOMENTS * random.randrange(10**6))
