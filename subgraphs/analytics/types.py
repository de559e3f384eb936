"""The GraphQL types of the analytics subgraph."""

from datetime import datetime
from enum import Enum

import strawberry

from shared.errors import parse_id
from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import UserError
from shared.permissions.places import Resource
from subgraphs.analytics.context import Info
from subgraphs.analytics.models import Verb
from subgraphs.analytics.service import READER, Band, band_of
from subgraphs.analytics.store import CourseFigures, LearnerFigures

strawberry.enum(Band, name="EngagementBand", description="How far a learner has come.")


@strawberry.enum(description="What a learner may tell of; the platform tells the rest by itself.")
class ActivityVerb(Enum):
    EXPERIENCED = Verb.EXPERIENCED
    INTERACTED = Verb.INTERACTED
    ANSWERED = Verb.ANSWERED
    SUSPENDED = Verb.SUSPENDED
    RESUMED = Verb.RESUMED


@strawberry.type(description="Figures of a course, worked out from what has happened in it.")
class CourseAnalytics:
    enrollments: int = strawberry.field(description="How many learners are enrolled.")
    active_learners: int = strawberry.field(description="Enrolled learners who have done anything since.")
    completions: int = strawberry.field(description="Enrolled learners who have finished the course.")
    average_progress: float | None = strawberry.field(description="Of all enrolled, 0 to 1; null if there are none.")
    last_activity_at: datetime | None = strawberry.field(
        description="When an enrolled learner did something last; null if none has."
    )

    @classmethod
    def of(cls, figures: CourseFigures) -> "CourseAnalytics":
        return cls(
            enrollments=figures.enrollments,
            active_learners=figures.active_learners,
            completions=figures.completions,
            average_progress=figures.average_progress,
            last_activity_at=figures.last_activity_at,
        )


@strawberry.federation.type(keys=["id"])
class Course:
    id: strawberry.ID

    @strawberry.field(description="Figures of the course. Needs analytics:read, in the whole tenant or at the course.")
    async def analytics(self, info: Info) -> CourseAnalytics | None:
        course_id, rights = parse_id(self.id), await info.context.rights()
        rights.require(READER, Resource.course(rights.caller.tenant_id, course_id))
        figures = await info.context.loaders.figures_by_course.load(course_id)
        return CourseAnalytics.of(figures or CourseFigures())


@strawberry.type(description="How a learner gets on in a course.")
class Engagement:
    band: Band = strawberry.field(description="How far the learner has come.")
    statements: int = strawberry.field(description="How many things the learner has done since enrolling.")
    last_active_at: datetime | None = strawberry.field(
        description="When the learner did something last; null if nothing since enrolling."
    )

    @classmethod
    def of(cls, progress: float, figures: LearnerFigures | None) -> "Engagement":
        return cls(
            band=band_of(progress),
            statements=figures.statements if figures else 0,
            last_active_at=figures.last_active_at if figures else None,
        )


@strawberry.federation.type(keys=["id"])
class Enrollment:
    id: strawberry.ID
    progress: float = strawberry.federation.field(external=True)

    @strawberry.federation.field(
        requires=["progress"],
        description="How the learner gets on. For the learner, and for those with analytics:read, in the whole tenant "
        "or at the course.",
    )
    async def engagement(self, info: Info) -> Engagement | None:
        caller = info.context.caller
        figures = await info.context.loaders.figures_by_enrollment.load(parse_id(self.id))
        if figures is not None and figures.learner_id != caller.user_id:
            rights = await info.context.rights()
            rights.require(READER, Resource.course(caller.tenant_id, figures.course_id))
        return Engagement.of(self.progress, figures)


@strawberry.input(description="Something the caller has done.")
class ActivityStatementInput:
    verb: ActivityVerb = strawberry.field(description="What was done.")
    object_id: strawberry.ID = strawberry.field(description="What it was done with: a lesson, for instance.")
    course_id: strawberry.ID | None = strawberry.field(default=None, description="The course it was done in.")
    occurred_at: datetime = strawberry.field(
        description="When it was done, not before 2000 and not in the future; without an offset, UTC is meant."
    )


@strawberry.input(description="What the caller has done.")
class RecordActivityInput(MutationInput):
    statements: list[ActivityStatementInput] = strawberry.field(description="What was done, 1 to 500 things.")


@strawberry.type(description="What was kept.")
class RecordActivityPayload:
    recorded: int | None = strawberry.field(
        default=None, description="How many statements there were; null if they were refused."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why they were refused; empty if they were kept."
    )
