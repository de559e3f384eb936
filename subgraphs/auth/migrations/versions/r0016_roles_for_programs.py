"""Roles for service accounts too; and all that is known of roles told once more.

Subgraphs that begin to decide about places hear of what was assigned before: what is told has its version, so that
whoever knows it already changes nothing.
"""

from typing import Final

from alembic.operations import Operations

revision = "0016"
down_revision = "0015"

_TELL: Final = """
INSERT INTO outbox (event_id, topic, payload, occurred_at)
SELECT event_id, '{topic}', jsonb_build_object(
    'event_id', event_id,
    'tenant_id', substr(current_schema(), 3)::uuid,
    'occurred_at', now(),
    {fields}
), now()
FROM (SELECT gen_random_uuid() AS event_id, {table}.* FROM {table}) AS known
"""
_ROLE: Final = "'role_id', id, 'version', version, 'permissions', permissions, 'forbids', forbids"
_ASSIGNMENT: Final = """
    'assignment_id', id, 'version', version, 'user_id', user_id, 'role_id', role_id, 'place_kind', place_kind,
    'place_id', place_id, 'valid_to', valid_to, 'revoked', revoked_at IS NOT NULL
"""
RETELL: Final = (
    _TELL.format(topic="auth.role-changed.v1", table="roles", fields=_ROLE),
    _TELL.format(topic="auth.role-assignment-changed.v1", table="role_assignments", fields=_ASSIGNMENT),
)


def upgrade(op: Operations) -> None:
    op.drop_constraint("fk_role_assignments_user_id", "role_assignments")
    for statement in RETELL:
        op.execute(statement)
