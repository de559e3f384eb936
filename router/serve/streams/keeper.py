"""What all streams of one router have in common."""

from dataclasses import dataclass

from router.serve.streams.census import Census
from router.serve.streams.revocation import Revocations
from router.serve.streams.settings import StreamSettings


@dataclass(frozen=True, slots=True)
class StreamKeeper:
    """How they behave, how many there are, and whose identities count no more."""

    settings: StreamSettings
    census: Census
    revocations: Revocations

    @classmethod
    def of(cls, settings: StreamSettings, revocations: Revocations) -> "StreamKeeper":
        """One that counts from nothing."""
        return cls(settings, Census(settings), revocations)
