"""How people belong together: org units, groups, relationships."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    _create_org_units(op)
    _create_groups(op)
    op.create_table(
        "relationships",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("of_user_id", sa.Uuid, nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_relationships"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_relationships_user_id"),
        sa.ForeignKeyConstraint(["of_user_id"], ["users.id"], name="fk_relationships_of_user_id"),
        sa.UniqueConstraint("user_id", "kind", "of_user_id", name="uq_relationships_user_id_kind_of_user_id"),
    )
    op.create_index("ix_relationships_of_user_id", "relationships", ["of_user_id"])


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _create_org_units(op: Operations) -> None:
    op.create_table(
        "org_units",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("parent_id", sa.Uuid),
        _now("created_at"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_org_units"),
        sa.ForeignKeyConstraint(["parent_id"], ["org_units.id"], name="fk_org_units_parent_id"),
        sa.UniqueConstraint("code", name="uq_org_units_code"),
    )
    op.create_index("ix_org_units_parent_id", "org_units", ["parent_id"])
    op.create_table(
        "org_unit_paths",
        sa.Column("descendant_id", sa.Uuid, nullable=False),
        sa.Column("ancestor_id", sa.Uuid, nullable=False),
        sa.Column("distance", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("descendant_id", "ancestor_id", name="pk_org_unit_paths"),
        sa.ForeignKeyConstraint(["descendant_id"], ["org_units.id"], name="fk_org_unit_paths_descendant_id"),
        sa.ForeignKeyConstraint(["ancestor_id"], ["org_units.id"], name="fk_org_unit_paths_ancestor_id"),
    )
    op.create_index("ix_org_unit_paths_ancestor_id", "org_unit_paths", ["ancestor_id"])
    _create_members(op, "org_unit_members", "org_unit_id", "org_units")


def _create_groups(op: Operations) -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        _now("created_at"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("name", name="uq_groups_name"),
    )
    _create_members(op, "group_members", "group_id", "groups")


def _create_members(op: Operations, table: str, column: str, of: str) -> None:
    op.create_table(
        table,
        sa.Column(column, sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        _now("added_at"),
        sa.PrimaryKeyConstraint(column, "user_id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint([column], [f"{of}.id"], name=f"fk_{table}_{column}"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id"),
    )
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])
