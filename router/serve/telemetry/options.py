"""Options of `python -m router serve` about what is seen of it."""

import argparse
from functools import partial

from router.serve.config.options import Sets
from router.serve.masking.config import Masking


def add_telemetry_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--metrics-port",
        key="telemetry.metrics.port",
        metavar="PORT",
        help="serve metrics for Prometheus there, at /metrics (default: nowhere)",
    )
    sets(
        "--metrics-path",
        key="telemetry.metrics.path",
        metavar="PATH",
        help="serve them at a path of the router as well (default: nowhere)",
    )
    sets(
        "--otlp",
        key="telemetry.tracing.endpoint",
        metavar="URL",
        help="of a collector that gets traces over OTLP/HTTP (default: none)",
    )
    sets(
        "--trace-ratio",
        key="telemetry.tracing.ratio",
        metavar="RATIO",
        help="of the requests without a trace of their own, how many are traced (default: 0.01)",
    )
    _add_records(parser)


def _add_records(parser: argparse.ArgumentParser) -> None:
    """What is written down of operations and errors."""
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--log-operations",
        key="telemetry.logs.operations",
        value="true",
        help="log every operation; the log is of JSON lines then",
    )
    sets(
        "--usage-file",
        key="telemetry.usage.file",
        metavar="FILE",
        help="add lines that tell which clients use which fields (default: none)",
    )
    sets(
        "--metering-file",
        key="telemetry.metering.file",
        metavar="FILE",
        help="add lines that tell what each tenant's operations cost (default: none)",
    )
    sets(
        "--mask-errors",
        key="errors.masking",
        choices=[each.value for each in Masking],
        help="of subgraphs: none, those that show internals, or all; the log has what was masked (default: internals)",
    )
