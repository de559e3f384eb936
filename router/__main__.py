"""One command per stage: compose, normalize, graph, plan, serve."""

import argparse
import sys
from collections.abc import Sequence

from router.compose.commands import add_commands as add_compose
from router.plan.commands import add_commands as add_plan
from router.serve.commands import add_commands as add_serve


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    parser = argparse.ArgumentParser(prog="python -m router", description="A GraphQL federation router.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    add_compose(subparsers)
    add_plan(subparsers)
    add_serve(subparsers)
    arguments = parser.parse_args(argv)
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
