"""The root fields about consent: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import consents as service
from subgraphs.users.types.consents import (
    Consent,
    ConsentDocument,
    ConsentDocumentPayload,
    PublishConsentDocumentInput,
    RecordConsentInput,
    RecordConsentPayload,
    RetireConsentDocumentInput,
)


@strawberry.type
class ConsentQuery:
    @strawberry.field(
        description="The latest version of each document that people are asked about, in the order of keys."
    )
    async def consent_documents(self, info: Info) -> list[ConsentDocument] | None:
        info.context.caller.require_user()
        rows = await info.context.loaders.consent_documents.load(info.context.caller.tenant_id)
        return [ConsentDocument.of(row) for row in rows]


@strawberry.type
class ConsentMutation:
    @strawberry.mutation(
        extensions=[Refusals(ConsentDocumentPayload)],
        description="Publish a text that people are asked to consent to, or its next version. Needs tenant:manage.",
    )
    async def publish_consent_document(
        self, info: Info, input: PublishConsentDocumentInput
    ) -> ConsentDocumentPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.publish(
                session,
                input.attempt("publishConsentDocument"),
                key=checks.slug(input.key, field="key"),
                title=checks.text(input.title, field="title"),
                text=checks.text(input.text, field="text", longest=service.LONGEST_TEXT, lines=True),
                required=input.required,
            )
        return ConsentDocumentPayload(document=ConsentDocument.of(row))

    @strawberry.mutation(
        extensions=[Refusals(ConsentDocumentPayload)],
        description="Ask nobody about a document any more; what was said stays. Needs tenant:manage.",
    )
    async def retire_consent_document(
        self, info: Info, input: RetireConsentDocumentInput
    ) -> ConsentDocumentPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            key = checks.slug(input.key, field="key")
            row = await service.retire(session, input.attempt("retireConsentDocument"), key)
        return ConsentDocumentPayload(document=ConsentDocument.of(row))

    @strawberry.mutation(
        extensions=[Refusals(RecordConsentPayload)],
        description="Consent to a document, or take that back. Only people themselves can.",
    )
    async def record_consent(self, info: Info, input: RecordConsentInput) -> RecordConsentPayload | None:
        document_id = parse_id(input.document_id, field="documentId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            attempt = input.attempt("recordConsent")
            said = await service.record_consent(session, attempt, document_id, granted=input.granted)
        info.context.refresh()
        return RecordConsentPayload(consent=Consent.of(said))
