"""Whoever changes an audit with an administrator's rights is found out."""

import asyncio
from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.caller import TenantId
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.tenancy.names import database_name, tenant_schema
from shared.tenancy.registry import Registry, TenantRecord
from studium.audit import AuditHeads, heads, verify
from studium.embedded import CannotStart
from studium.settings import StudiumSettings
from subgraphs.auth.service import audit
from subgraphs.auth.service.audit import Subject
from subgraphs.auth.service.audit_heads import HeadSigner
from subgraphs.auth.store.audit_chain import AuditChain
from tests.tenants import Control, Tenant


@dataclass(frozen=True, slots=True)
class Chain:
    """A tenant's audit, and what is done to it."""

    control: Control
    tenant: Tenant
    sessions: Sessions
    output: pytest.CaptureFixture[str]

    async def add(self, *actions: str) -> None:
        async with unit_of_work(self.sessions, self.tenant.caller()) as session:
            for action in actions:
                audit.note(session, action, Subject(None, self.tenant.id))

    async def sign(self) -> None:
        """As the worker does, once a minute."""
        registry = Registry.create(self.control.servers.database)
        async with self.control.admin() as admin:
            await AuditHeads(admin, registry, HeadSigner.create(self.control.secret)).sign()
        await registry.aclose()

    async def tamper(self, statement: str) -> None:
        """With the rights of a superuser, whom no trigger stops."""
        schema = tenant_schema(self.tenant.id)
        tables = {"events": f"{schema}.audit_events", "heads": f"{schema}.audit_heads"}
        async with self.control.admin() as admin, admin.engine(database_name("auth")).begin() as connection:
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            await connection.exec_driver_sql(statement.format(**tables))

    async def verified(self, file: Path | None = None) -> str:
        """What the command says of the tenant, without its name."""
        self.output.readouterr()
        status = await asyncio.to_thread(verify, self._settings, Namespace(tenant=self.tenant.slug, heads=file))
        said = self.output.readouterr().out.strip().removeprefix(f"{self.tenant.slug}: ")
        assert status == (said != "unbroken")
        return said

    async def printed_heads(self) -> str:
        self.output.readouterr()
        await asyncio.to_thread(heads, self._settings, Namespace(tenant=self.tenant.slug))
        return self.output.readouterr().out

    @property
    def _settings(self) -> StudiumSettings:
        given = {"database_url": self.control.servers.database, "secret": self.control.secret}
        return StudiumSettings.model_validate(given)


@pytest.fixture
async def chain(control: Control, tenant: Tenant, sessions: Sessions, capsys: pytest.CaptureFixture[str]) -> Chain:
    """The tenant's audit, empty."""
    return Chain(control, tenant, sessions, capsys)


async def test_an_audit_as_it_was_written_is_unbroken(chain: Chain) -> None:
    assert await chain.verified() == "unbroken"
    await chain.add("one", "two")
    await chain.sign()
    await chain.add("three")
    await chain.sign()
    assert await chain.verified() == "unbroken"


def test_heads_that_were_signed_with_a_secret_before_count_where_it_is_given() -> None:
    before, now = SecretStr("b" * 32), SecretStr("n" * 32)
    head = HeadSigner.create(before).sign(uuid7(), 1, b"hash", at=datetime.now(UTC))
    assert not HeadSigner.create(now).signed(head)
    assert HeadSigner.create(now, [before]).signed(head)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE {events} SET actor_id = 'x' WHERE seq = 2", "entry 2 was changed"),
        ("DELETE FROM {events} WHERE seq = 2", "entries 2 to 2 are missing"),
        ("DELETE FROM {events} WHERE seq > 2", "entry 3 is missing, for which a head was signed"),
        ("UPDATE {heads} SET seq = 4", "head 4 was not signed by this platform"),
        (
            "UPDATE {events} SET previous_hash = decode('00', 'hex') WHERE seq = 2",
            "entry 2 does not follow the one before it; entry 2 was changed",
        ),
    ],
)
async def test_what_was_done_to_it_is_named(chain: Chain, statement: str, fault: str) -> None:
    await chain.add("one", "two", "three")
    await chain.sign()
    await chain.tamper(statement)
    assert await chain.verified() == fault


async def test_a_cut_that_took_the_heads_along_is_shown_by_heads_kept_elsewhere(chain: Chain, tmp_path: Path) -> None:
    await chain.add("one", "two")
    await chain.sign()
    (tmp_path / "heads").write_text(await chain.printed_heads())
    await chain.tamper("DELETE FROM {heads}")
    await chain.tamper("DELETE FROM {events} WHERE seq = 2")
    assert await chain.verified() == "unbroken"
    assert await chain.verified(tmp_path / "heads") == "entry 2 is missing, for which a head was signed"


async def test_heads_that_cannot_be_read_are_told_in_words(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "heads").write_text("nonsense")
    with pytest.raises(CannotStart, match="cannot be read as a file of heads"):
        await chain.verified(tmp_path / "heads")


async def test_nothing_is_signed_for_a_tenant_that_is_being_deleted(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[TenantId]()

    async def leaving(registry: Registry) -> list[TenantRecord]:
        record = await registry.by_id(chain.tenant.id)
        assert record is not None
        return [replace(record, delete_after=record.created_at), record]

    async def signed(_chain: AuditChain, _signer: HeadSigner, tenant_id: TenantId, *, now: datetime) -> None:
        assert now
        asked.append(tenant_id)

    monkeypatch.setattr(Registry, "open", leaving)
    monkeypatch.setattr("studium.audit.sign_head", signed)
    await chain.sign()
    assert asked == [chain.tenant.id]
