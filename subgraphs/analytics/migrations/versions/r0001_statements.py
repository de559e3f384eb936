"""The statements every figure is worked out from."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.tenancy.baseline import create_event_tables

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_event_tables(op)
    op.create_table(
        "statements",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("object_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid),
        sa.Column("enrollment_id", sa.Uuid),
        sa.Column("progress", sa.Double),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
    )
    op.create_index("ix_statements_course_id", "statements", ["course_id", "actor_id"])
    op.create_index(
        "ix_statements_enrollment_id",
        "statements",
        ["enrollment_id"],
        postgresql_where=sa.text("verb = 'REGISTERED'"),
    )
