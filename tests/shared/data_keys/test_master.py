"""The contract of the master key, kept by every adapter; and what each does beyond."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.crypto import SealBroken
from shared.data_keys.aws_signature import AwsCredentials, signed_headers
from shared.data_keys.kms import Kms, KmsMasterKey
from shared.data_keys.master import LocalMasterKey, MasterKey
from shared.errors import Unavailable
from studium.master_key import MasterKeySettings, create_master_key
from studium.settings import StudiumSettings
from tests.shared.data_keys.kms_server import ACCESS_KEY_ID, KEY_ID, REGION, SECRET_ACCESS_KEY

OLD, NEW = SecretStr("o" * 32), SecretStr("n" * 32)


@pytest.fixture
def kms(kms_url: str) -> Kms:
    """How the running KMS is asked."""
    return Kms(kms_url, REGION, KEY_ID, AwsCredentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY))


@pytest.fixture(params=["local", "kms"])
def master_key(request: pytest.FixtureRequest, kms: Kms) -> MasterKey:
    """Each adapter."""
    return LocalMasterKey([NEW]) if request.param == "local" else KmsMasterKey(kms)


class TestEveryMasterKey:
    async def test_a_key_comes_back_as_it_was(self, master_key: MasterKey) -> None:
        key = os.urandom(32)
        wrapped = await master_key.wrap(key, place="a/auth")
        assert await master_key.unwrap(wrapped, place="a/auth") == key
        assert master_key.is_current(wrapped)

    async def test_a_key_opens_for_its_place_alone(self, master_key: MasterKey) -> None:
        wrapped = await master_key.wrap(os.urandom(32), place="a/auth")
        with pytest.raises(SealBroken):
            await master_key.unwrap(wrapped, place="b/auth")

    async def test_what_was_changed_does_not_open(self, master_key: MasterKey) -> None:
        wrapped = await master_key.wrap(os.urandom(32), place="a/auth")
        for wrong in (wrapped[:-8] + "AAAAAAA=", "nonsense", "a.b.c"):
            with pytest.raises(SealBroken):
                await master_key.unwrap(wrong, place="a/auth")


class TestALocalMasterKey:
    async def test_older_keys_still_unwrap(self) -> None:
        wrapped = await LocalMasterKey([OLD]).wrap(b"k" * 32, place="a")
        both = LocalMasterKey([NEW, OLD])
        assert await both.unwrap(wrapped, place="a") == b"k" * 32
        assert not both.is_current(wrapped)
        with pytest.raises(SealBroken):
            await LocalMasterKey([NEW]).unwrap(wrapped, place="a")

    async def test_it_is_read_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        file.write_text(f"{NEW.get_secret_value()}\n{OLD.get_secret_value()}\n")
        wrapped = await LocalMasterKey([NEW]).wrap(b"k" * 32, place="a")
        assert await LocalMasterKey.read_file(file).unwrap(wrapped, place="a") == b"k" * 32

    @pytest.mark.parametrize("secrets", [[], [SecretStr("short")]])
    def test_a_short_one_is_refused(self, secrets: list[SecretStr]) -> None:
        with pytest.raises(ValueError, match="32 characters"):
            LocalMasterKey(secrets)


class TestAKms:
    async def test_takes_over_from_keys_held_here(self, kms: Kms) -> None:
        settings = StudiumSettings(secret=OLD)
        url, secret = SecretStr(kms.url), SecretStr(SECRET_ACCESS_KEY)
        own = MasterKeySettings(
            kms_url=url,
            kms_region=REGION,
            kms_key_id=KEY_ID,
            kms_access_key_id=ACCESS_KEY_ID,
            kms_secret_access_key=secret,
        )
        for before in (MasterKeySettings(), MasterKeySettings(master_keys=NEW)):
            wrapped = await create_master_key(settings, before).wrap(b"k" * 32, place="a")
            master = create_master_key(settings, own.model_copy(update={"master_keys": before.master_keys}))
            assert not master.is_current(wrapped)
            assert await master.unwrap(wrapped, place="a") == b"k" * 32
            assert master.is_current(await master.wrap(b"k" * 32, place="a"))

    async def test_who_has_no_right_to_ask_is_not_answered(self, kms: Kms) -> None:
        wrong = replace(kms, credentials=AwsCredentials(ACCESS_KEY_ID, "another secret"))
        with pytest.raises(Unavailable):
            await KmsMasterKey(wrong).wrap(b"k" * 32, place="a")

    async def test_one_that_is_away_is_said_to_be_so(self) -> None:
        kms = Kms("http://127.0.0.1:9", REGION, KEY_ID, AwsCredentials("a", "b"))
        with pytest.raises(Unavailable):
            await KmsMasterKey(kms).wrap(b"k" * 32, place="a")

    def test_requests_are_signed_as_others_sign_them(self) -> None:
        """The signature that botocore 1.44 makes of the same request."""
        headers = signed_headers(
            AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            host="kms.eu-central-1.amazonaws.com",
            service="kms",
            region="eu-central-1",
            headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.Encrypt"},
            body=b'{"KeyId":"alias/studium"}',
            at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        )
        assert headers["authorization"].rpartition("=")[2] == (
            "51b145d1d7433f9fc9ad959ae962c4a8d8a7fac659a44fa11862cfd8265e2038"
        )
