"""How long a router lives, and in how many processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Life:
    """How a process ends, and how many there are.

    Attributes:
        workers: processes that share the port. Each has its own memory: rates that are counted without Redis and
            documents that clients have registered are not shared, and clients that use `/graphql/stream` have to reach
            the same worker.
        notice_seconds: from SIGTERM until new connections are refused; meanwhile `/ready` says 503, and clients are
            told to come back over another connection.
        grace_seconds: from SIGTERM until the process has ended, whatever it still does.
    """

    workers: int = 1
    notice_seconds: float = 0.5
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Raises: ValueError: nobody would answer, or nothing be told."""
        if self.workers < 1:
            raise ValueError("At least one worker has to answer: `workers`.")
        if self.notice_seconds >= self.grace_seconds:
            raise ValueError("`grace_seconds` has to be longer than `notice_seconds`.")
