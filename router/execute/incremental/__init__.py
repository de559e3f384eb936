"""Run plans with deferred parts: a first answer, then what comes later, as it comes.

    executor     fetches the first answer, then the parts
    delivery     what is still to come, and what can be delivered when a part is there
    errors       which answer tells an error
    results      what the client is sent, in either format

Source: https://github.com/graphql/graphql-spec/pull/1110
"""

from router.execute.incremental.executor import IncrementalExecutor
from router.execute.incremental.results import Completed, Delivered, IncrementalResponse, Pending, Update

__all__ = ["Completed", "Delivered", "IncrementalExecutor", "IncrementalResponse", "Pending", "Update"]
