"""Our composer answers as the reference does, on a fixed part of the shared corpora."""

import pytest

from router.compose import Composed, compose
from tests.conformance.composition.compare import compare
from tests.conformance.composition.corpus import SHARED, audit, cases
from tests.conformance.composition.deviations import reason

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared conformance data is not beside the repository")


def test_answers_are_those_of_the_reference() -> None:
    """Each 23rd set, a prime so that the corpora's regular series are not met at the same place each time."""
    comparison = compare(cases(every=23))
    unexplained = [(case.id, difference) for case, difference in comparison.differences if reason(case) is None]
    assert unexplained == []
    assert comparison.outcomes.share >= 0.98
    assert comparison.codes.share >= 0.95
    assert comparison.hints.share >= 0.99
    assert comparison.supergraphs.share >= 0.99


def test_every_set_of_the_gateway_audit_composes() -> None:
    refused = {name: outcome for name, set_ in audit().items() if not isinstance(outcome := compose(set_), Composed)}
    assert refused == {}
