"""Counting what is sent to the database."""

from typing import Any

from shared.database import ENTER_TENANT


class Queries(list[str]):
    """The SQL statements sent, in order. Taking on a tenant's role belongs to the transaction and is not counted."""

    def note(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        """Called by SQLAlchemy before each statement."""
        if statement != ENTER_TENANT:
            self.append(statement)
