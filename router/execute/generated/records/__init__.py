"""The data of one plan as records: objects of a class for each place, made by the decoder that reads a response.

Which fields an object has is known before the first response comes, from its place or from its `__typename`, and from
the variables of `@skip` and `@include`. The decoder of a fetch then checks what it reads and leaves out what nobody
asked for; a path is followed by attributes; an entity's fields are set; and the finished root is written as it is.
Nothing is looked over, compared or projected.

Whatever is not in order (an error, a null entity, a value that its type does not admit) turns the records into the data
that the interpreter reads, which then goes on: see `RecordRun.leave`.
"""

from router.execute.generated.records.code import Described
from router.execute.generated.records.making import RecordPlans
from router.execute.generated.records.plan import RecordRun

__all__ = ["Described", "RecordPlans", "RecordRun"]
