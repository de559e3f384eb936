"""A line in the log for each operation that is over."""

import logging
from typing import Any, Final

from router.serve.telemetry.logs import FIELDS
from router.serve.telemetry.sighting import Sighting

logger: Final = logging.getLogger("router.operations")


def log_operation(seen: Sighting, seconds: float) -> None:
    """Log what it was, what became of it and what it took; nothing of what its client has sent."""
    if not logger.isEnabledFor(logging.INFO):
        return
    operation, context = seen.operation, seen.context
    fields: dict[str, Any] = {
        "request_id": seen.request_id,
        "transport": seen.transport,
        "kind": "unknown" if operation is None else operation.kind.value,
        "status": seen.status.value,
        "milliseconds": round(seconds * 1_000, 3),
        "bytes": seen.bytes,
        "subgraph_requests": seen.subgraph_requests,
    }
    if seen.http_status:
        fields["http_status"] = seen.http_status
    if operation is not None and operation.signature is not None:
        fields |= {"operation": operation.signature.name, "signature": operation.signature.hash}
    if context is not None and context.identity is not None:
        fields |= {"tenant": context.identity.tenant, "client_id": context.identity.client}
    if seen.client.name:
        fields |= {"client": seen.client.name, "client_version": seen.client.version}
    if seen.estimated is not None:
        fields["cost"] = seen.estimated if seen.actual is None else seen.actual
    if seen.codes is not None:
        fields |= {"codes": list(seen.codes)[:10], "error_ids": seen.error_ids}
    if seen.messages:
        fields["messages"] = seen.messages
    trace = seen.trace_ids
    if trace is not None:
        fields["trace_id"], fields["span_id"] = trace
    logger.info("operation", extra={FIELDS: fields})
