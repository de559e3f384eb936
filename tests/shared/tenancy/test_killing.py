"""Provisioning that is killed leaves nothing half made, and goes on: one moment of many that `make fuzz` tries.

Of migrations, `test_provision` holds it.
"""

from tests.shared.tenancy import killing
from tests.tenants import Control


async def test_provisioning_that_was_killed_goes_on(control: Control) -> None:
    """Some tenants are whole and some are not there; then all are whole."""
    await killing.provisioning_goes_on(control, seed=1)
