"""Courses with their modules and items; enrollments with their progress."""

import sqlalchemy as sa
from alembic.operations import Operations

from shared.tenancy.baseline import create_event_tables

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    create_event_tables(op)
    _create_definitions(op)
    _create_records(op)


def _create_definitions(op: Operations) -> None:
    op.create_table(
        "courses",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False, server_default=""),
        sa.Column("status", sa.Text, nullable=False, server_default="DRAFT"),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
        sa.UniqueConstraint("slug", name="uq_courses_slug"),
    )
    op.create_index("ix_courses_published_at_id", "courses", ["published_at", "id"])
    op.create_table(
        "modules",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_modules"),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_modules_course_id"),
    )
    op.create_index("ix_modules_course_id", "modules", ["course_id"])
    op.create_table(
        "module_items",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("module_id", sa.Uuid, nullable=False),
        sa.Column("item_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_module_items"),
        sa.ForeignKeyConstraint(["module_id"], ["modules.id"], name="fk_module_items_module_id"),
        sa.UniqueConstraint("module_id", "item_id", name="uq_module_items_module_id_item_id"),
    )


def _create_records(op: Operations) -> None:
    op.create_table(
        "enrollments",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="ACTIVE"),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name="pk_enrollments"),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_enrollments_course_id"),
        sa.UniqueConstraint("course_id", "user_id", name="uq_enrollments_course_id_user_id"),
    )
    op.create_index("ix_enrollments_user_id_id", "enrollments", ["user_id", "id"])
    op.create_table(
        "item_progress",
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("item_id", sa.Uuid, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("enrollment_id", "item_id", name="pk_item_progress"),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name="fk_item_progress_enrollment_id"),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="ck_item_progress_percent"),
    )
