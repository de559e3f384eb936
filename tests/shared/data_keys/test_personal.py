"""Objects that are encrypted whole, beside the column that they were in before."""

import pytest

from shared.crypto import SealBroken
from shared.data_keys import KeyRing
from shared.data_keys.personal import opened_object, sealed_object
from tests.shared.data_keys.conftest import Note

RING = KeyRing("a place", {1: b"k" * 32})


def test_an_object_is_read_as_it_was_kept_and_nothing_is_kept_of_an_empty_one() -> None:
    said = {"house": "north", "vegan": True}
    sealed = sealed_object(RING, Note.address, "1", said)
    assert sealed is not None
    assert "north" not in sealed.sealed
    assert opened_object(RING, Note.address, "1", sealed, {}) == said
    assert sealed_object(RING, Note.address, "1", {}) is None
    assert opened_object(RING, Note.address, "1", None, None) == {}
    with pytest.raises(SealBroken):
        opened_object(RING, Note.address, "2", sealed, {})


def test_what_a_process_of_before_has_written_since_goes_over_it() -> None:
    sealed = sealed_object(RING, Note.address, "1", {"house": "north", "vegan": True})
    assert opened_object(RING, Note.address, "1", sealed, {"house": "south"}) == {"house": "south", "vegan": True}
