"""Imports of rosters, whose text is encrypted by the tenant's data keys."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.data_keys.baseline import create_data_keys_table

revision = "0008"
down_revision = "0007"


def upgrade(op: Operations) -> None:
    create_data_keys_table(op)
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("invite", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="RUNNING"),
        sa.Column("sealed_text", sa.Text),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in _COUNTS),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_import_jobs"),
    )
    op.create_index("ix_import_jobs_completed_at", "import_jobs", ["completed_at"])
    op.create_table(
        "import_problems",
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("column", sa.Text),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "line", "number", name="pk_import_problems"),
        sa.ForeignKeyConstraint(["job_id"], ["import_jobs.id"], name="fk_import_problems_job_id"),
    )


_COUNTS = ("total", "done", "created", "updated", "unchanged", "failed")
