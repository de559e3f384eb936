"""One command per stage: compose, check, normalize, graph, plan, serve, config."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

_COMMANDS = {
    "compose": "router.compose.commands",
    "check": "router.compose.check_command",
    "normalize": "router.plan.commands",
    "graph": "router.plan.commands",
    "plan": "router.plan.commands",
    "serve": "router.serve.commands",
    "config": "router.serve.config.commands",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    given = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m router", description="A GraphQL federation router.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    # a command loads its own stage only, unless it takes all of them to tell what there is
    wanted = {_COMMANDS[name] for name in given[:1] if name in _COMMANDS} or dict.fromkeys(_COMMANDS.values())
    for module in wanted:
        import_module(module).add_commands(subparsers)
    arguments = parser.parse_args(given)
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read has enough: what is left goes nowhere, so that the interpreter's own flush finds a reader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        # to look for another supergraph, which is possible as soon as one is served; until then it waits
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    sys.exit(main())
