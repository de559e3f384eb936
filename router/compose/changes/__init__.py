"""What changes for clients from one schema to the next, and who would notice."""

from router.compose.changes.find import Change, Severity, find_changes
from router.compose.changes.usage import Usage, UsageError, read_usage

__all__ = ["Change", "Severity", "Usage", "UsageError", "find_changes", "read_usage"]
