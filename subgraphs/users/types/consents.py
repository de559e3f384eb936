"""The GraphQL types of consent."""

from datetime import datetime

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.users.models import ConsentDocument as DocumentRow
from subgraphs.users.service.consents import LONGEST_TEXT
from subgraphs.users.store.consents import Said


@strawberry.type(description="A version of a text that the tenant asks its people's consent to.")
class ConsentDocument:
    id: strawberry.ID = strawberry.field(description="Identifies the version.")
    key: str = strawberry.field(description="The same for all versions of the text: privacy.")
    version: int = strawberry.field(description="From 1; the latest counts.")
    title: str = strawberry.field(description="For people.")
    text: str = strawberry.field(description="What is consented to; it never changes.")
    required: bool = strawberry.field(description="The tenant insists on it.")
    published_at: datetime = strawberry.field(description="When this version was published.")
    retired_at: datetime | None = strawberry.field(description="Since when nobody is asked any more; null: they are.")

    @classmethod
    def of(cls, row: DocumentRow) -> "ConsentDocument":
        return cls(
            id=strawberry.ID(str(row.id)),
            key=row.key,
            version=row.version,
            title=row.title,
            text=row.text,
            required=row.required,
            published_at=row.published_at,
            retired_at=row.retired_at,
        )


@strawberry.type(description="What a person has said last to a document.")
class Consent:
    document: ConsentDocument = strawberry.field(description="The version that it was said to.")
    granted: bool = strawberry.field(description="Yes, or no.")
    recorded_at: datetime = strawberry.field(description="When it was said.")

    @classmethod
    def of(cls, said: Said) -> "Consent":
        consent, document = said
        return cls(document=ConsentDocument.of(document), granted=consent.granted, recorded_at=consent.recorded_at)


@strawberry.input(description="A document to publish, or its next version.")
class PublishConsentDocumentInput(MutationInput):
    key: str = strawberry.field(description="Small letters, digits and single hyphens.")
    title: str = strawberry.field(description="1 to 200 characters.")
    text: str = strawberry.field(description=f"1 to {LONGEST_TEXT} characters, lines included.")
    required: bool = strawberry.field(default=False, description="The tenant insists on it.")


@strawberry.input(description="A document that nobody is to be asked about any more.")
class RetireConsentDocumentInput(MutationInput):
    key: str = strawberry.field(description="The document's.")


@strawberry.type(description="What came of a change of one document.")
class ConsentDocumentPayload(Payload):
    document: ConsentDocument | None = strawberry.field(
        default=None, description="Its latest version; null if it was refused."
    )


@strawberry.input(description="What the caller says to a document.")
class RecordConsentInput(MutationInput):
    document_id: strawberry.ID = strawberry.field(description="The version that they have seen.")
    granted: bool = strawberry.field(description="Yes; or no, which takes back a yes.")


@strawberry.type(description="What came of `recordConsent`.")
class RecordConsentPayload(Payload):
    consent: Consent | None = strawberry.field(default=None, description="As it is kept; null if it was refused.")
