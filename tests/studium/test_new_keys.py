"""Signing keys of a deployment are rotated in its environment file."""

import pytest
from pydantic import SecretStr

from shared.signing_keys import LEAD_SECONDS, KeyRing, generate_signing_key
from studium.embedded import CannotStart
from studium.new_keys import rotated_lines


def test_the_next_key_joins_the_one_that_signs() -> None:
    before = generate_signing_key()
    line = rotated_lines(before)
    ring = SecretStr(line.partition('STUDIUM_SIGNING_KEY="')[2].rstrip('"\n'))
    now, later = KeyRing(ring), KeyRing(ring, clock=lambda: 4_000_000_000.0)
    old = KeyRing(before).signing().kid
    assert now.signing().kid == old
    assert [key["kid"] for key in now.jwks()["keys"]] == [old, later.signing().kid]
    assert f"within {LEAD_SECONDS / 3600:.0f} h" in line


@pytest.mark.parametrize("given", [None, SecretStr("no key")])
def test_there_has_to_be_one(given: SecretStr | None) -> None:
    with pytest.raises(CannotStart):
        rotated_lines(given)
