"""Why an operation cannot be planned."""

from typing import ClassVar


class PlanningError(Exception):
    """No plan answers the operation."""

    code: ClassVar[str] = "QUERY_PLANNING_FAILED"


class UnknownOperation(PlanningError):
    """The document has no operation of the requested name, or several and no name was given."""

    code: ClassVar[str] = "OPERATION_RESOLUTION_FAILURE"


class TooManyFields(PlanningError):
    """Told apart by the types of objects they may be of, the fields of the operation are too many."""

    code: ClassVar[str] = "OPERATION_TOO_COMPLEX"


class TooManyChoices(PlanningError):
    """No plan was found within reason."""

    code: ClassVar[str] = "QUERY_PLANNING_LIMIT"


class TooLong(TooManyChoices):
    """No plan was found in time."""


class Enough(Exception):
    """There is a solution, and looking for a better one has gone on for long enough."""


class Unresolvable(PlanningError):
    """No subgraph that can be reached resolves a selected field."""

    code: ClassVar[str] = "FIELD_NOT_REACHABLE"
