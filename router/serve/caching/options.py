"""Options of `python -m router serve` about what is kept of answers."""

import argparse
from functools import partial

from router.serve.config.options import Sets


def add_caching_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command; each of them turns caches on."""
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--cache",
        key="caching.all.enabled",
        value="true",
        help="keep answers of subgraphs as long as they, or @cacheControl, allow it",
    )
    sets(
        "--cache-redis",
        key="caching.redis_url",
        metavar="URL",
        help="where several routers keep them together (default: each in its own memory)",
    )
    sets(
        "--cache-answers",
        key="caching.answers",
        value="true",
        help="keep whole answers to clients, too (default: only the parts that subgraphs gave)",
    )
    sets(
        "--cache-seconds",
        key="caching.all.default_seconds",
        metavar="SECONDS",
        help="keep what nobody says anything of for so long, each caller's own (default: not at all)",
    )
