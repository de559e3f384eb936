"""Apps of others, what people have granted them, and the codes and tokens that stand for it."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"

_TIME = sa.DateTime(timezone=True)
_TEXTS = ARRAY(sa.Text)


def upgrade(op: Operations) -> None:
    _create_apps(op)
    _create_grants(op)
    _create_requests(op)


def _now(name: str) -> "sa.Column[object]":
    return sa.Column(name, _TIME, nullable=False, server_default=sa.func.now())


def _of(table: str, column: str, other: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [other], name=f"fk_{table}_{column}", ondelete="CASCADE" if cascade else None
    )


def _create_apps(op: Operations) -> None:
    op.create_table(
        "oauth_apps",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("confidential", sa.Boolean, nullable=False),
        sa.Column("redirect_uris", _TEXTS, nullable=False),
        sa.Column("scopes", _TEXTS, nullable=False),
        sa.Column("grant_types", _TEXTS, nullable=False),
        sa.Column("may_introspect", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("pushed_requests_only", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_by", sa.Uuid, nullable=False),
        _now("created_at"),
        sa.Column("removed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_apps"),
    )
    op.create_table(
        "oauth_app_secrets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        _now("created_at"),
        sa.Column("expires_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_app_secrets"),
        _of("oauth_app_secrets", "app_id", "oauth_apps.id"),
    )
    op.create_index("ix_oauth_app_secrets_app_id", "oauth_app_secrets", ["app_id"])


def _create_grants(op: Operations) -> None:
    op.create_table(
        "oauth_grants",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("auth_time", _TIME),
        sa.Column("amr", _TEXTS, nullable=False, server_default="{}"),
        _now("created_at"),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_grants"),
        _of("oauth_grants", "app_id", "oauth_apps.id"),
        _of("oauth_grants", "user_id", "accounts.user_id", cascade=True),
    )
    op.create_index("ix_oauth_grants_app_id", "oauth_grants", ["app_id"])
    op.create_index("ix_oauth_grants_user_id", "oauth_grants", ["user_id"])
    op.create_table(
        "oauth_refresh_tokens",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        _now("created_at"),
        sa.Column("used_at", _TIME),
        sa.Column("sealed_answer", sa.Text),
        sa.PrimaryKeyConstraint("hash", name="pk_oauth_refresh_tokens"),
        _of("oauth_refresh_tokens", "grant_id", "oauth_grants.id", cascade=True),
    )
    op.create_index("ix_oauth_refresh_tokens_grant_id", "oauth_refresh_tokens", ["grant_id"])
    op.create_table(
        "oauth_consents",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("scopes", _TEXTS, nullable=False),
        _now("granted_at"),
        sa.PrimaryKeyConstraint("user_id", "app_id", name="pk_oauth_consents"),
        _of("oauth_consents", "user_id", "accounts.user_id", cascade=True),
        _of("oauth_consents", "app_id", "oauth_apps.id"),
    )


def _create_requests(op: Operations) -> None:
    op.create_table(
        "oauth_codes",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("redirect_uri_given", sa.Boolean, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("code_challenge", sa.Text, nullable=False),
        sa.Column("auth_time", _TIME, nullable=False),
        sa.Column("amr", _TEXTS, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("grant_id", sa.Uuid),
        sa.PrimaryKeyConstraint("hash", name="pk_oauth_codes"),
        _of("oauth_codes", "app_id", "oauth_apps.id"),
        _of("oauth_codes", "user_id", "accounts.user_id", cascade=True),
    )
    op.create_index("ix_oauth_codes_expires_at", "oauth_codes", ["expires_at"])
    op.create_table(
        "oauth_pushed_requests",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("app_id", sa.Uuid, nullable=False),
        sa.Column("parameters", JSONB, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME),
        sa.PrimaryKeyConstraint("hash", name="pk_oauth_pushed_requests"),
        _of("oauth_pushed_requests", "app_id", "oauth_apps.id"),
    )
    op.create_index("ix_oauth_pushed_requests_expires_at", "oauth_pushed_requests", ["expires_at"])
