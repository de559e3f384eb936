"""The tables of a subgraph that decides about places: what `shared.permissions.feed` keeps.

A version file is history and so is this: never edit it once it has run anywhere. A change is a new function, called by
a new revision of each subgraph.
"""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY


def create_grant_tables(op: Operations) -> None:
    """Roles and their assignments, as of the first release of both."""
    op.create_table(
        "known_roles",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("permissions", ARRAY(sa.Text), nullable=False),
        sa.Column("forbids", ARRAY(sa.Text), nullable=False),
    )
    op.create_table(
        "known_role_assignments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role_id", sa.Uuid, nullable=False),
        sa.Column("place_kind", sa.Text, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )
    op.create_index(
        "ix_known_role_assignments_user_id",
        "known_role_assignments",
        ["user_id"],
        postgresql_where=sa.text("NOT revoked"),
    )
