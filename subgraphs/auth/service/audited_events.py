"""Other subgraphs' events that enter the audit, and what each of them is about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.database import TenantSession
from subgraphs.auth.models.audit import ActorKind
from subgraphs.auth.service.audit import Actor, Subject, note


@dataclass(frozen=True, slots=True)
class About:
    """Where an event says what was acted on."""

    type: str
    """Of the subject, in the graph."""
    field: str
    """That has its id."""


AUDITED: Final = {
    "users.user-signed-up.v1": About("User", "user_id"),
    "users.user-invited.v1": About("User", "user_id"),
    "users.user-updated.v1": About("User", "user_id"),
    "users.user-provisioned.v1": About("User", "user_id"),
    "users.user-email-changed.v1": About("User", "user_id"),
    "users.user-deactivated.v1": About("User", "user_id"),
    "users.user-reactivated.v1": About("User", "user_id"),
    "users.invitation-sent.v1": About("User", "user_id"),
    "users.roster-imported.v1": About("ImportJob", "job_id"),
    "users.roster-cancelled.v1": About("ImportJob", "job_id"),
    "users.users-merged.v1": About("User", "user_id"),
    "users.consent-document-published.v1": About("ConsentDocument", "document_id"),
    "users.consent-recorded.v1": About("User", "user_id"),
    "users.data-export-requested.v1": About("User", "user_id"),
    "users.user-erased.v1": About("User", "user_id"),
    "users.group-members-changed.v1": About("Group", "group_id"),
    "users.org-unit-placed.v1": About("OrgUnit", "org_unit_id"),
    "users.org-unit-deleted.v1": About("OrgUnit", "org_unit_id"),
    "users.org-unit-members-changed.v1": About("OrgUnit", "org_unit_id"),
    "users.relationship-changed.v1": About("User", "user_id"),
    "courses.course-published.v1": About("Course", "course_id"),
    "courses.module-changed.v1": About("Course", "course_id"),
}
"""By topic. What people learn is no administration, and has records of its own: it is not here."""


def keep(session: TenantSession, topic: str, payload: dict[str, Any]) -> None:
    """Add an entry for an event. Who acted it says in `actor_id`, or in `client_id` where an app acted for itself.

    Without either it was the subgraph, as far as is known. In whose name somebody else acted, `impersonator_id` says
    who did.
    """
    about, impersonator = AUDITED[topic], payload.get("impersonator_id")
    note(
        session,
        topic,
        Subject(about.type, payload[about.field]),
        actor=_actor(topic, payload),
        impersonator_id=UUID(impersonator) if impersonator else None,
        occurred_at=datetime.fromisoformat(payload["occurred_at"]),
    )


def _actor(topic: str, payload: dict[str, Any]) -> Actor:
    for kind, field in ((ActorKind.USER, "actor_id"), (ActorKind.OAUTH_APP, "client_id")):
        if payload.get(field):
            return Actor(kind, payload[field])
    return Actor(ActorKind.SERVICE, topic.partition(".")[0])
