"""Options of `python -m router serve` about documents that clients name."""

import argparse
from pathlib import Path

from router.serve.persisted.manifest import ManifestError
from router.serve.persisted.operations import PersistedOperations
from router.serve.persisted.policy import PersistedPolicy, Safelist


def add_persisted_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--apq",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let clients send the hash of a document that they have sent before (default: yes)",
    )
    parser.add_argument(
        "--persisted",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="trusted documents: a manifest of Apollo's tools, or a map of ids to texts as Relay's compiler writes it",
    )
    parser.add_argument(
        "--safelist",
        choices=[each.value for each in Safelist],
        default=Safelist.OFF.value,
        help="what becomes of other documents: `log` tells of them, `documents` refuses them, `ids` refuses every text "
        "(default: %(default)s)",
    )


def persisted_of(arguments: argparse.Namespace) -> PersistedOperations:
    """What the options say.

    Raises:
        ManifestError: a file does not say which documents are trusted, or none does and others are refused.
    """
    policy = PersistedPolicy(
        automatic=arguments.apq, manifests=tuple(arguments.persisted), safelist=Safelist(arguments.safelist)
    )
    if policy.safelist is not Safelist.OFF and not policy.manifests:
        raise ManifestError("Say which documents are trusted: --persisted.")
    return PersistedOperations(policy)
