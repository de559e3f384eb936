"""`studium data-keys`, and where the master key comes from."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from shared.data_keys import DataKeys, LocalMasterKey
from shared.data_keys.kms import KmsMasterKey
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.roles import Role
from studium import data_keys
from studium.data_keys import run
from studium.embedded import CannotStart
from studium.master_key import MasterKeySettings, create_master_key
from studium.settings import StudiumSettings
from subgraphs.auth.models import IdentityProvider
from subgraphs.users.models import User, UserStatus
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def settings(control: Control) -> StudiumSettings:
    """As the command has them."""
    given = {"database_url": control.servers.database, "secret": control.secret}
    return StudiumSettings.model_validate(given)


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of the auth subgraph."""
    async with opened(control, "auth") as one:
        yield one


async def trust(sessions: Sessions, tenant: Tenant, secret: str) -> UUID:
    """An identity provider with a secret, as a process with the old master key keeps it."""
    keys = DataKeys(LocalMasterKey([SecretStr(OLD)]), subgraph="auth")
    async with unit_of_work(sessions, tenant.caller()) as session:
        ring, id_ = await keys.of(session, sealing=True), uuid7()
        sealed = ring.seal(IdentityProvider.sealed_client_secret, id_, secret)
        session.add(
            IdentityProvider(
                id=id_, alias="idp", kind="OIDC", name="x", issuer="i", client_id="c", sealed_client_secret=sealed
            )
        )
    return id_


async def secret_of(sessions: Sessions, tenant: Tenant, id_: UUID, *masters: str) -> str:
    """What a process with these master keys reads."""
    keys = DataKeys(LocalMasterKey([SecretStr(one) for one in masters]), subgraph="auth")
    async with sessions.read(tenant.caller()) as session:
        row, ring = await session.get_one(IdentityProvider, id_), await keys.of(session)
    return ring.open(IdentityProvider.sealed_client_secret, id_, row.sealed_client_secret)


async def said(
    settings: StudiumSettings, tenant: Tenant, output: pytest.CaptureFixture[str], action: str, confirm: str = ""
) -> str:
    """What an action says of the tenant's keys in the auth subgraph."""
    output.readouterr()
    await asyncio.to_thread(run, settings, Namespace(action=action, tenant=tenant.slug, confirm=confirm))
    lines, of = output.readouterr().out.splitlines(), f"{tenant.slug} auth: "
    [line] = [line.removeprefix(of) for line in lines if line.startswith(of)]
    return line


async def test_keys_are_rotated_wrapped_anew_and_destroyed(
    settings: StudiumSettings,
    tenant: Tenant,
    sessions: Sessions,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id_ = await trust(sessions, tenant, "hush")
    monkeypatch.setenv("STUDIUM_MASTER_KEYS", f"{NEW} {OLD}")
    assert await said(settings, tenant, capsys, "status") == "keys 1; rows of older keys 0; master key older"
    assert await said(settings, tenant, capsys, "rotate") == "key 2; encrypted anew 1; dropped 0"
    assert await said(settings, tenant, capsys, "finish") == "encrypted anew 0; dropped 0"
    assert await said(settings, tenant, capsys, "rewrap") == "wrapped anew 1"
    assert await said(settings, tenant, capsys, "status") == "keys 1,2; rows of older keys 0; master key current"
    assert await secret_of(sessions, tenant, id_, NEW) == "hush"
    with pytest.raises(CannotStart, match="repeat its slug"):
        await said(settings, tenant, capsys, "shred", confirm="another")
    assert await said(settings, tenant, capsys, "shred", confirm=tenant.slug) == "destroyed 2"
    for action in ("status", "rotate", "finish"):
        assert await said(settings, tenant, capsys, action) == "shredded", "and it holds up no other tenant"


async def test_a_tenant_whose_keys_no_master_key_unwraps_is_told_of_and_holds_up_no_other(
    settings: StudiumSettings,
    tenant: Tenant,
    sessions: Sessions,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await trust(sessions, tenant, "hush")
    monkeypatch.setenv("STUDIUM_MASTER_KEYS", NEW)
    rotate = Namespace(action="rotate", tenant=tenant.slug, confirm="")
    assert await asyncio.to_thread(run, settings, rotate) == 1
    failed, done = sorted(capsys.readouterr().out.splitlines())
    assert failed == f"{tenant.slug} auth: failed: no master key here unwraps its keys"
    assert done.startswith(f"{tenant.slug} users: key 2")


async def test_keys_are_not_destroyed_while_a_row_would_outlast_them(
    settings: StudiumSettings,
    control: Control,
    tenant: Tenant,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data_keys, "_TRIES", 2)
    monkeypatch.setattr(data_keys, "_PAUSE_SECONDS", 0)
    monkeypatch.setenv("STUDIUM_MASTER_KEYS", NEW)
    shred = Namespace(action="shred", tenant=tenant.slug, confirm=tenant.slug)
    async with opened(control, "users") as users:
        async with unit_of_work(users, tenant.caller()) as session:
            fields = {"email": "ada@example.org", "display_name": "Ada", "custom_fields": {"house": "north"}}
            session.add(User(role=Role.LEARNER, status=UserStatus.ACTIVE, **fields))
            await session.flush()
        async with unit_of_work(users, tenant.caller()) as writing:
            await writing.execute(sa.select(User).with_for_update())
            assert await asyncio.to_thread(run, settings, shred) == 1
        assert f"{tenant.slug} users: failed: somebody writes rows" in capsys.readouterr().out
        assert await asyncio.to_thread(run, settings, shred) == 0
        async with users.read(tenant.caller()) as session:
            assert (await session.scalars(sa.select(User.custom_fields))).all() == [{}]


class TestTheMasterKey:
    async def test_is_derived_from_the_platforms_secret_where_none_is_given(self, settings: StudiumSettings) -> None:
        first, second = (create_master_key(settings, MasterKeySettings()) for _ in range(2))
        assert await second.unwrap(await first.wrap(b"k" * 32, place="a"), place="a") == b"k" * 32

    async def test_unwraps_what_was_wrapped_before_one_was_given(self, settings: StudiumSettings) -> None:
        before = create_master_key(settings, MasterKeySettings())
        wrapped = await before.wrap(b"k" * 32, place="a")
        after = create_master_key(settings, MasterKeySettings(master_keys=SecretStr(NEW)))
        assert await after.unwrap(wrapped, place="a") == b"k" * 32
        assert not after.is_current(wrapped)

    async def test_survives_another_secret_of_the_platform(self, settings: StudiumSettings) -> None:
        assert settings.secret is not None
        wrapped = await create_master_key(settings, MasterKeySettings()).wrap(b"k" * 32, place="a")
        rotated = settings.model_copy(update={"secret": SecretStr(NEW)})
        before = MasterKeySettings(previous_secrets=settings.secret)
        assert await create_master_key(rotated, before).unwrap(wrapped, place="a") == b"k" * 32

    def test_is_a_services_where_that_is_named(self, settings: StudiumSettings) -> None:
        own = MasterKeySettings(kms_url=SecretStr("https://kms.example"), kms_access_key_id="a")
        assert isinstance(create_master_key(settings, own), KmsMasterKey)

    async def test_is_read_from_a_file(self, settings: StudiumSettings, tmp_path: Path) -> None:
        (tmp_path / "keys").write_text(NEW)
        key = create_master_key(settings, MasterKeySettings(master_key_file=tmp_path / "keys"))
        assert await key.unwrap(await LocalMasterKey([SecretStr(NEW)]).wrap(b"k" * 32, place="a"), place="a")

    @pytest.mark.parametrize(
        ("own", "why"),
        [
            ({"master_keys": "short"}, "32 characters"),
            ({"master_key_file": Path("nowhere")}, "cannot be used"),
            ({"master_keys": NEW, "master_key_file": Path("keys")}, "not both"),
        ],
        ids=["too short", "no file", "two ways"],
    )
    def test_that_cannot_be_used_is_told_in_words(
        self, settings: StudiumSettings, own: dict[str, object], why: str
    ) -> None:
        with pytest.raises(CannotStart, match=why) as refused:
            create_master_key(settings, MasterKeySettings.model_validate(own))
        assert "short" not in str(refused.value)
