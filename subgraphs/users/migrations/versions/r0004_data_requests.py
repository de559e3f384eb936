"""Requests to export or erase what is held of a person."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    op.create_table(
        "data_requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="PENDING"),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_data_requests"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_data_requests_user_id"),
    )
    op.create_index("ix_data_requests_user_id", "data_requests", ["user_id"])
    op.create_table(
        "data_request_parts",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("subgraph", sa.Text, nullable=False),
        sa.Column("received", JSONB, nullable=False, server_default="[]"),
        sa.Column("rows", sa.Integer, nullable=False, server_default="0"),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("request_id", "subgraph", name="pk_data_request_parts"),
        sa.ForeignKeyConstraint(["request_id"], ["data_requests.id"], name="fk_data_request_parts_request_id"),
    )
    op.create_table(
        "exported_rows",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("subgraph", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("table", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "subgraph", "number", name="pk_exported_rows"),
        sa.ForeignKeyConstraint(["request_id"], ["data_requests.id"], name="fk_exported_rows_request_id"),
    )
