"""Which key signs and which are published, by the clock alone."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from shared.signing_keys import KEPT_SECONDS, LEAD_SECONDS, KeyRing, generate_signing_key

NOW = 1_800_000_000.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


def published(ring: KeyRing) -> list[str]:
    """The ids of the keys that are published."""
    return [key["kid"] for key in ring.jwks()["keys"]]


class TestRotation:
    def test_the_pem_of_one_key_is_a_ring(self, clock: Clock) -> None:
        ring = KeyRing(generate_signing_key(), clock=clock)
        assert published(ring) == [ring.signing().kid]

    def test_the_next_key_is_published_before_it_signs(self, clock: Clock) -> None:
        first = KeyRing(generate_signing_key(), clock=clock)
        ring = KeyRing(first.rotated(), clock=clock)
        clock.now += LEAD_SECONDS - 1
        assert ring.signing().kid == first.signing().kid
        assert len(published(ring)) == 2
        clock.now += 1
        assert ring.signing().kid == published(ring)[1]

    async def test_a_retired_key_verifies_until_its_tokens_have_expired_and_not_longer(self, clock: Clock) -> None:
        first = KeyRing(generate_signing_key(), clock=clock)
        old = first.signing().kid
        ring = KeyRing(first.rotated(), clock=clock)
        clock.now += LEAD_SECONDS + KEPT_SECONDS - 1
        assert {key.kid for key in (await ring.keys("any")).keys} == set(published(ring)) >= {old}
        clock.now += 1
        assert old not in published(ring)

    def test_a_ring_loses_keys_that_are_of_no_use(self, clock: Clock) -> None:
        ring = KeyRing(KeyRing(generate_signing_key(), clock=clock).rotated(), clock=clock)
        clock.now += LEAD_SECONDS + KEPT_SECONDS
        again = KeyRing(ring.rotated(), clock=clock)
        assert len(published(again)) == 2
        assert again.signing().kid == ring.signing().kid

    def test_only_public_parts_are_published(self, clock: Clock) -> None:
        ring = KeyRing(KeyRing(generate_signing_key(), clock=clock).rotated(), clock=clock)
        assert all("d" not in key for key in ring.jwks()["keys"])


class TestReading:
    def test_keys_may_stand_in_any_order(self, clock: Clock) -> None:
        older, newer = (generate_signing_key().get_secret_value() for _ in range(2))
        since = datetime.fromtimestamp(NOW - 1, UTC).isoformat()
        ring = KeyRing(SecretStr(f"Signs-From: {since}\n{newer}\n{older}"), clock=clock)
        assert ring.signing().kid == KeyRing(SecretStr(newer)).signing().kid

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "no key",
            "{pem}{pem}",
            "Signs-From: tomorrow\n{pem}",
            "Signs-From: 2027-01-01T00:00:00\n{pem}",
            "{other_curve}",
        ],
    )
    def test_what_is_no_ring_is_refused(self, text: str) -> None:
        other = ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        filled = text.format(pem=generate_signing_key().get_secret_value(), other_curve=other.decode())
        with pytest.raises(ValueError, match=r".+"):
            KeyRing(SecretStr(filled))
