"""How long to wait before a query is sent again."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from router.execute.transport.traffic.settings import Retries


class Pauses:
    """Exponential, with full jitter: those that failed together do not come back together.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    def __init__(self, settings: Retries, random: Random | None = None) -> None:
        self._settings = settings
        self._random = random or Random()

    def before(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before an attempt, the first again being 2; never less than the server wishes."""
        longest = min(self._settings.first_seconds * 2 ** (attempt - 2), self._settings.longest_seconds)
        pause = self._random.uniform(0, longest)
        return pause if retry_after is None else retry_after + pause


def retry_after(value: bytes, now: datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` asks for; None if it says nothing that we understand.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)
