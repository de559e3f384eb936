"""Sealed values open only where they should."""

import pytest
from pydantic import SecretStr

from shared.crypto import IdSigner, SealBroken, Sealer, login_password
from shared.ids import uuid7

SECRET = SecretStr("a secret that is long enough to be one")


class TestSealer:
    def test_opens_what_it_sealed(self) -> None:
        sealer = Sealer.create(SECRET, "test")
        assert sealer.open(sealer.seal("hash", context="ada"), context="ada") == "hash"

    def test_seals_differently_each_time(self) -> None:
        sealer = Sealer.create(SECRET, "test")
        assert sealer.seal("hash", context="ada") != sealer.seal("hash", context="ada")

    def test_refuses_another_context(self) -> None:
        sealer = Sealer.create(SECRET, "test")
        with pytest.raises(SealBroken):
            sealer.open(sealer.seal("hash", context="ada"), context="bob")

    def test_refuses_another_purpose(self) -> None:
        with pytest.raises(SealBroken):
            Sealer.create(SECRET, "other").open(Sealer.create(SECRET, "test").seal("x", context=""), context="")

    @pytest.mark.parametrize("forged", ["", "AAAA", "not base64!", "A" * 100])
    def test_refuses_what_was_never_sealed(self, forged: str) -> None:
        with pytest.raises(SealBroken):
            Sealer.create(SECRET, "test").open(forged, context="")

    def test_gives_a_context_one_salt(self) -> None:
        sealer = Sealer.create(SECRET, "test")
        assert sealer.salt(context="ada") == sealer.salt(context="ada")
        others = {sealer.salt(context="bob"), Sealer.create(SECRET, "other").salt(context="ada")}
        assert sealer.salt(context="ada") not in others


class TestIdSigner:
    def test_reads_what_it_signed(self) -> None:
        signer, id_ = IdSigner.create(SECRET, "test"), uuid7()
        assert signer.read(signer.sign(id_)) == id_

    def test_refuses_another_key(self) -> None:
        assert IdSigner.create(SECRET, "other").read(IdSigner.create(SECRET, "test").sign(uuid7())) is None

    @pytest.mark.parametrize("forged", ["", "x", "A" * 43, "ä", "A" * 10_000])
    def test_refuses_what_was_never_signed(self, forged: str) -> None:
        assert IdSigner.create(SECRET, "test").read(forged) is None


class TestDerivedSecrets:
    def test_differ_by_role(self) -> None:
        assert login_password(SECRET, "studium_auth") != login_password(SECRET, "studium_users")

    def test_are_the_same_each_time(self) -> None:
        assert login_password(SECRET, "studium_auth") == login_password(SECRET, "studium_auth")
