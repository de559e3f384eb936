"""The router passes the audit of GraphQL over HTTP's own reference server, notices and warnings included."""

import pytest

from tests.clients.outcomes import run_clients

pytestmark = pytest.mark.xdist_group("clients")

AUDITS = 61
MUST = 13


async def test_every_audit_is_passed() -> None:
    outcomes = await run_clients("audit.mjs")
    assert {name: problem for name, problem in outcomes.items() if problem is not None} == {}
    assert len(outcomes) == AUDITS
    assert sum(" MUST " in name for name in outcomes) == MUST
