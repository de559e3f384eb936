"""Every statement of the analytics subgraph, in SQL's sense and its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from shared.database import TenantSession
from subgraphs.analytics.models import TOLD_BY_COURSES, Statement, Verb


@dataclass(frozen=True, slots=True)
class CourseFigures:
    enrollments: int = 0
    active_learners: int = 0
    completions: int = 0
    average_progress: float | None = None
    last_activity_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LearnerFigures:
    """What is known of one enrollment."""

    learner_id: UUID
    course_id: UUID
    statements: int
    last_active_at: datetime | None


class StatementStore:
    """The statements of the session's tenant, and the figures that follow from them."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, statements: Sequence[Mapping[str, Any]]) -> None:
        """Add statements; one whose id is there is not added again."""
        await self._session.execute(insert(Statement).on_conflict_do_nothing(), list(statements))

    async def courses(self, course_ids: Sequence[UUID]) -> Mapping[UUID, CourseFigures]:
        """Figures of the courses the platform has told of, in one statement however many they are.

        A course only learners have named may not exist, so it isn't among them.
        """
        learner = _learners(course_ids)
        enrolled = learner.c.enrolled_at.is_not(None)
        active = learner.c.last_active_at >= learner.c.enrolled_at
        chosen = (
            select(
                learner.c.course_id,
                func.count().filter(enrolled),
                func.count().filter(active),
                func.count().filter(enrolled, learner.c.progress >= 1),
                func.avg(func.coalesce(learner.c.progress, 0)).filter(enrolled),
                func.max(learner.c.last_active_at).filter(active),
            )
            .group_by(learner.c.course_id)
            .having(func.bool_or(learner.c.told))
        )
        return {row[0]: CourseFigures(*row[1:]) for row in await self._session.execute(chosen)}

    async def enrollments(self, enrollment_ids: Sequence[UUID]) -> Mapping[UUID, LearnerFigures]:
        """What each enrolled learner has done in the course since."""
        registered, done = aliased(Statement), aliased(Statement)
        chosen = (
            select(
                registered.enrollment_id,
                registered.actor_id,
                registered.course_id,
                func.count(done.id),
                func.max(done.occurred_at),
            )
            .join(
                done,
                (done.course_id == registered.course_id)
                & (done.actor_id == registered.actor_id)
                & (done.verb != Verb.REGISTERED)
                & (done.occurred_at >= registered.occurred_at),
                isouter=True,
            )
            .where(registered.verb == Verb.REGISTERED, registered.enrollment_id.in_(enrollment_ids))
            .group_by(registered.enrollment_id, registered.actor_id, registered.course_id)
        )
        return {
            enrollment_id: LearnerFigures(learner_id, course_id, statements, last_active_at)
            for enrollment_id, learner_id, course_id, statements, last_active_at in await self._session.execute(chosen)
            if enrollment_id and learner_id and course_id
        }


def _learners(course_ids: Sequence[UUID]) -> Subquery:
    """One row for each course and learner; a learner nobody has enrolled has said so himself and doesn't count.

    A course that is published and nothing else has one row, without a learner.
    """
    registered = Statement.verb == Verb.REGISTERED
    return (
        select(
            Statement.course_id,
            Statement.actor_id,
            func.bool_or(Statement.verb.in_(TOLD_BY_COURSES)).label("told"),
            func.min(Statement.occurred_at).filter(registered).label("enrolled_at"),
            func.max(Statement.progress).label("progress"),
            func.max(Statement.occurred_at).filter(~registered).label("last_active_at"),
        )
        .where(Statement.course_id.in_(course_ids))
        .group_by(Statement.course_id, Statement.actor_id)
        .subquery()
    )
