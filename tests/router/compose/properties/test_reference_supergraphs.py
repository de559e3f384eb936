"""What other composers write is read: the supergraphs of the reference, in the shared corpora."""

import pytest

from router.supergraph import Supergraph, api_sdl
from tests.conformance.composition.corpus import SHARED, cases

_EVERY = 20
"""The suite looks at a sample of the corpora."""


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpora are not beside the repository")
def test_supergraphs_of_the_reference_load_and_have_an_api_schema() -> None:
    written = [case for case in cases(every=_EVERY) if case.reference.supergraph]
    assert written
    for case in written:
        sdl = case.reference.supergraph or ""
        supergraph = Supergraph.from_sdl(sdl)
        assert {each.name for each in supergraph.subgraphs.values()} == {each.name for each in case.subgraphs}, case.id
        assert api_sdl(sdl), case.id
