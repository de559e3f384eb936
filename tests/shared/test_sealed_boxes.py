"""What is put into a box is for whoever has its key, and in its place."""

import pytest

from shared.crypto import SealBroken
from shared.sealed_boxes import BoxKey, seal


class TestBox:
    def test_is_opened_with_its_key(self) -> None:
        key = BoxKey.generate()
        sealed = seal(key.public, "s3cret \u00e9", context="a")
        assert "s3cret" not in sealed
        assert BoxKey(key.private).open(sealed, context="a") == "s3cret \u00e9"
        assert seal(key.public, "s3cret \u00e9", context="a") != sealed

    def test_is_opened_with_nothing_else(self) -> None:
        key = BoxKey.generate()
        sealed = seal(key.public, "s3cret", context="a")
        for other, text, context in (
            (BoxKey.generate(), sealed, "a"),
            (key, sealed, "b"),
            (key, sealed[:-8] + "AAAAAAA=", "a"),
            (key, "", "a"),
            (key, "!", "a"),
        ):
            with pytest.raises(SealBroken):
                other.open(text, context=context)

    def test_key_does_not_show_itself(self) -> None:
        key = BoxKey.generate()
        assert key.private not in repr(key)

    def test_is_not_made_for_what_is_no_key(self) -> None:
        with pytest.raises(ValueError, match="32"):
            seal("AAAA", "s3cret", context="a")
