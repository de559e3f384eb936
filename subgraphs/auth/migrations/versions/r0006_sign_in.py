"""Signing in: known devices, sessions that are refreshed, attempts that are slowed down, second factors, mail."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"

_TIME = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("last_used_at", _TIME, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="fk_devices_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_devices_user_id", "devices", ["user_id"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("blocked_until", _TIME),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
    )
    op.create_index("ix_throttles_updated_at", "throttles", ["updated_at"])
    _extend_sessions(op)
    _create_factors(op)
    _create_mailed_links(op)


def _extend_sessions(op: Operations) -> None:
    op.add_column("sessions", sa.Column("device_id", sa.Uuid))
    op.add_column("sessions", sa.Column("amr", ARRAY(sa.Text), nullable=False, server_default="{pwd}"))
    op.add_column("sessions", sa.Column("authenticated_at", _TIME, nullable=False, server_default=sa.func.now()))
    op.add_column("sessions", sa.Column("last_used_at", _TIME, nullable=False, server_default=sa.func.now()))
    op.add_column("sessions", sa.Column("expires_at", _TIME))
    op.add_column("sessions", sa.Column("refreshes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("refreshed_at", _TIME))
    op.create_foreign_key("fk_sessions_device_id", "sessions", "devices", ["device_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_sessions_device_id", "sessions", ["device_id"])


def _create_factors(op: Operations) -> None:
    op.create_table(
        "totp_factors",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("confirmed_at", _TIME),
        sa.Column("last_step", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_totp_factors"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="fk_totp_factors_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_totp_factors_user_id", "totp_factors", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("used_at", _TIME),
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.user_id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "mfa_challenges",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("device_id", sa.Uuid),
        sa.Column("amr", ARRAY(sa.Text), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("passed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_mfa_challenges"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.user_id"], name="fk_mfa_challenges_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_mfa_challenges_device_id", ondelete="SET NULL"),
    )
    op.create_index("ix_mfa_challenges_user_id", "mfa_challenges", ["user_id"])
    op.create_index("ix_mfa_challenges_device_id", "mfa_challenges", ["device_id"])
    op.create_index("ix_mfa_challenges_expires_at", "mfa_challenges", ["expires_at"])


def _create_mailed_links(op: Operations) -> None:
    op.add_column("accounts", sa.Column("email_verified_at", _TIME))
    op.create_table(
        "mailed_links",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("email_digest", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_mailed_links"),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user_id"], name="fk_mailed_links_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_mailed_links_user_id", "mailed_links", ["user_id"])
    op.create_index("ix_mailed_links_expires_at", "mailed_links", ["expires_at"])
