"""What all streams of one router have in common."""

from dataclasses import dataclass

from router.serve.life.draining import Draining
from router.serve.streams.census import Census
from router.serve.streams.revocation import Revocations
from router.serve.streams.settings import StreamSettings
from router.serve.streams.sources.sources import Sources


@dataclass(frozen=True, slots=True)
class StreamKeeper:
    """How they behave, how many there are, whose identities count no more, and whether the process is to end.

    Attributes:
        sources: of events, which they may share.
    """

    settings: StreamSettings
    census: Census
    revocations: Revocations
    draining: Draining
    sources: Sources

    @classmethod
    def of(cls, settings: StreamSettings, revocations: Revocations, draining: Draining | None = None) -> "StreamKeeper":
        """One that counts from nothing."""
        return cls(settings, Census(settings), revocations, draining or Draining(), Sources(settings, revocations))
