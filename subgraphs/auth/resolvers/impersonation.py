"""The root fields of acting in another person's name: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.caller import require_own
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import impersonation as service
from subgraphs.auth.store.impersonation import NEWEST_FIRST, ImpersonationStore
from subgraphs.auth.types.accounts import IssuedSession
from subgraphs.auth.types.impersonation import (
    Impersonation,
    StartImpersonationInput,
    StartImpersonationPayload,
    StopImpersonationInput,
    StopImpersonationPayload,
)

_LONGEST_REASON = 500


@strawberry.type
class ImpersonationQuery:
    @strawberry.field(description="Who has acted in the viewer's name, the latest first.")
    async def impersonations(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Impersonation] | None:
        caller, page = info.context.caller, NEWEST_FIRST.page(first, after)
        async with info.context.desk.sessions.read(caller) as session:
            rows = await ImpersonationStore(session).page(require_own(caller, "sessions:manage"), page)
        return connect(rows, page, node=Impersonation.of, cursor=lambda row: NEWEST_FIRST.cursor((row.id,)))


@strawberry.type
class ImpersonationMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(StartImpersonationPayload)],
        description="Act in the name of a person who may do no more than the viewer. They are told, the audit names "
        "both, and nothing that lasts can be done so: no password, second factor, token, app or role is changed.",
    )
    async def start_impersonation(self, info: Info, input: StartImpersonationInput) -> StartImpersonationPayload | None:
        wish = service.Wish(
            user_id=parse_id(input.user_id, field="userId"),
            reason=checks.text(input.reason, field="reason", longest=_LONGEST_REASON),
        )
        attempt = input.attempt("startImpersonation")
        begun = await service.start(info.context.desk, info.context.caller, wish, attempt)
        return StartImpersonationPayload(
            impersonation=Impersonation.of(begun.row), session=IssuedSession.of(begun.token)
        )

    @strawberry.mutation(
        extensions=[Refusals(StopImpersonationPayload)],
        description="End it: its access token is refused from now on, and its subscriptions end within a second. For "
        "whoever acts, for the person in whose name, and for who may manage sessions.",
    )
    async def stop_impersonation(self, info: Info, input: StopImpersonationInput) -> StopImpersonationPayload | None:
        chosen = None if input.impersonation_id is None else parse_id(input.impersonation_id, field="impersonationId")
        attempt = input.attempt("stopImpersonation")
        row = await service.stop(info.context.desk, info.context.caller, chosen, attempt)
        return StopImpersonationPayload(impersonation=Impersonation.of(row))
