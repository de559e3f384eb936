"""Options of `python -m router serve` about documents that clients name."""

import argparse

from router.serve.config.options import Sets, Switch
from router.serve.persisted.policy import Safelist


def add_persisted_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--apq",
        action=Switch,
        key="persisted.automatic",
        help="let clients send the hash of a document that they have sent before (default: yes)",
    )
    parser.add_argument(
        "--persisted",
        action=Sets,
        key="persisted.manifests",
        added=True,
        metavar="FILE",
        help="trusted documents: a manifest of Apollo's tools, or a map of ids to texts as Relay's compiler writes it",
    )
    parser.add_argument(
        "--safelist",
        action=Sets,
        key="persisted.safelist",
        choices=[each.value for each in Safelist],
        help="what becomes of other documents: `log` tells of them, `documents` refuses them, `ids` refuses every text "
        "(default: off)",
    )
