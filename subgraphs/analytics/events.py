"""What the analytics subgraph tells the others."""

from typing import ClassVar

from shared import personal_data


class PersonalDataExported(personal_data.PersonalDataExported, frozen=True, kw_only=True):
    topic: ClassVar[str] = "analytics.personal-data-exported.v1"


class PersonalDataErased(personal_data.PersonalDataErased, frozen=True, kw_only=True):
    topic: ClassVar[str] = "analytics.personal-data-erased.v1"
