"""The platform's command: `studium up` starts everything; the other commands are its parts, one process each."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from studium.platform import SUBGRAPHS

if TYPE_CHECKING:
    from studium.settings import StudiumSettings

    # argparse gives this type no public name
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

_INTERRUPTED: Final = 130
_GRAPH: Final = "http://127.0.0.1:8000/graphql"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: with status 0, or with 1 and one clear sentence."""
    from shared.errors import Unavailable
    from studium.embedded.errors import CannotStart

    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
        sys.exit(status)
    except CannotStart as refusal:
        print("\n".join([*(f"  {line}" for line in refusal.details), str(refusal)]), file=sys.stderr)  # noqa: T201 - this is the terminal
        sys.exit(1)
    except BrokenPipeError:
        # whoever read what it prints has had enough (`| head`); what is left of it goes nowhere, not to a traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ConnectionRefusedError, Unavailable) as refusal:
        why = refusal.__cause__ or refusal
        print(f"A server that this needs does not answer; is it running? {why}", file=sys.stderr)  # noqa: T201 - as above
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="studium", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_up(commands.add_parser("up", help="start the whole platform, with embedded servers where no URL is given"))
    _add_parts(commands)
    _add_tenant(commands.add_parser("tenant", help="create, list and change tenants"))
    _add_audit(commands.add_parser("audit", help="verify the tenants' audits"))
    _add_data_keys(commands.add_parser("data-keys", help="rotate or destroy what tenants' secrets are encrypted with"))
    _add_dead_letters(commands.add_parser("dead-letters", help="show events that were given up, or deliver them again"))
    schema = commands.add_parser("schema", help="export the subgraphs' SDL and compose the supergraph")
    schema.add_argument("--check", action="store_true", help="change nothing; fail if the files are out of date")
    schema.set_defaults(command=_schema)
    keys = commands.add_parser("keys", help="make the keys of a deployment, as lines of an environment file")
    keys.add_argument("--rotate", action="store_true", help="add the next signing key to those of STUDIUM_SIGNING_KEY")
    keys.set_defaults(command=_keys)
    health = commands.add_parser("health", help="exit with status 0 if a process answers")
    health.add_argument("--url", default="http://127.0.0.1:8000/health")
    health.set_defaults(command=_health)
    return parser


def _add_up(up: argparse.ArgumentParser) -> None:
    up.add_argument(
        "--processes", choices=["one", "many"], default="one", help="subgraphs in the router, or by themselves"
    )
    up.add_argument("--port", type=int, help="the router's port (default: STUDIUM_PORT or 8000)")
    up.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        help="seed the demo tenants (default: only into the embedded database)",
    )
    up.set_defaults(command=_up)


def _add_parts(commands: "Subparsers") -> None:
    commands.add_parser("migrate", help="create and migrate the databases of all tenants").set_defaults(
        command=_migrate
    )
    commands.add_parser("worker", help="run relays, consumers and the provisioning of tenants").set_defaults(
        command=_worker
    )
    seed = commands.add_parser("seed", help="fill the demo tenants through a running router")
    seed.add_argument("--url", default=_GRAPH, help="the running router (default: %(default)s)")
    seed.set_defaults(command=_seed)
    serve = commands.add_parser("serve", help="serve one subgraph over HTTP")
    serve.add_argument("subgraph", choices=SUBGRAPHS)
    router = commands.add_parser(
        "router", help="serve the graph; subgraphs are where STUDIUM_SUBGRAPHS says, or in this process without it"
    )
    for parser, command in ((serve, _serve), (router, _router)):
        parser.add_argument("--host", help="address to listen on (default: STUDIUM_HOST or 127.0.0.1)")
        parser.add_argument("--port", type=int, help="port to listen on (default: STUDIUM_PORT or 8000)")
        parser.set_defaults(command=command)


def _add_tenant(tenant: argparse.ArgumentParser) -> None:
    actions = tenant.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="register a tenant with its owner and provision it")
    for name in ("slug", "name", "owner-name", "owner-email"):
        create.add_argument(f"--{name}", required=True)
    create.add_argument("--password-stdin", action="store_true", help="read the owner's password from standard input")
    create.add_argument("--url", default=_GRAPH, help="the running router (default: %(default)s)")
    create.set_defaults(command=_create_tenant)
    actions.add_parser("list", help="list the tenants").set_defaults(command=_list_tenants)
    for name, status, what in (
        ("suspend", "SUSPENDED", "let nobody of a tenant in, and end what runs on their behalf"),
        ("resume", "ACTIVE", "let them in again"),
        ("set", None, "switch features of a tenant, or place it"),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("slug")
        action.set_defaults(
            command=_change_tenant, status=status, on=[], off=[], region=None, ceiling=None, open_sign_in=False
        )
        if status is None:
            action.add_argument("--on", action="append", metavar="FEATURE", help="switch a feature on")
            action.add_argument("--off", action="append", metavar="FEATURE", help="switch a feature off")
            action.add_argument("--open-sign-in", action="store_true", help="let its people in by every way again")
            action.add_argument("--region", help="where its requests are to be answered; empty for wherever")
            action.add_argument(
                "--ceiling",
                action="append",
                metavar="MEASURE=LIMIT",
                help="what it may use at most, instead of what its plan says; the ones given replace all, '' is none",
            )
    check = actions.add_parser("check", help="compare schemas with what the migrations make; status 1 if one differs")
    check.add_argument("--tenant", metavar="SLUG", help="of this tenant alone")
    check.set_defaults(command=_check_tenants)
    delete = actions.add_parser("delete", help="suspend a tenant, and delete everything of it after a time")
    delete.add_argument("slug")
    delete.add_argument("--confirm", required=True, metavar="SLUG", help="the slug once more")
    delete.add_argument("--days", type=int, default=30, help="in which `resume` takes it back (default: 30)")
    delete.set_defaults(command=_delete_tenant)
    _add_move(actions.add_parser("move", help="take a tenant to another database server; it is closed meanwhile"))


def _add_move(move: argparse.ArgumentParser) -> None:
    move.add_argument("slug")
    what = move.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", metavar="SERVER", help="move it there, or go on with that")
    what.add_argument("--take-back", action="store_true", help="give up a move that has not come to its end")
    what.add_argument("--finish", action="store_true", help="drop what was left where it came from")
    move.set_defaults(command=_move_tenant)


def _add_audit(audit: argparse.ArgumentParser) -> None:
    actions = audit.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="exit with status 1 if an entry is missing or was changed")
    verify.add_argument("--heads", type=Path, metavar="FILE", help="signed heads that were kept outside the database")
    heads = actions.add_parser("heads", help="print the signed heads, to be kept elsewhere")
    for parser, command in ((verify, _verify_audit), (heads, _audit_heads)):
        parser.add_argument("--tenant", metavar="SLUG", help="of this tenant alone")
        parser.set_defaults(command=command)


def _add_data_keys(data_keys: argparse.ArgumentParser) -> None:
    actions = data_keys.add_subparsers(required=True, metavar="ACTION")
    for name, what in (
        ("status", "tell their versions, and what is not encrypted by the newest"),
        ("rotate", "make a new key, and encrypt everything anew with it"),
        ("finish", "go on with a rotation that was cut short"),
        ("rewrap", "wrap them with the newest master key"),
        ("shred", "destroy them, and all that they encrypt, for good"),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("--tenant", metavar="SLUG", help="of this tenant alone")
        if name == "shred":
            action.add_argument("--confirm", metavar="SLUG", help="the tenant's slug again")
        action.set_defaults(command=_data_keys, action=name)


def _add_dead_letters(dead_letters: argparse.ArgumentParser) -> None:
    actions = dead_letters.add_subparsers(required=True, metavar="ACTION")
    for name, what in (
        ("list", "tell which there are, and why"),
        ("retry", "deliver them to their consumer again"),
        ("drop", "forget them"),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument(
            "--consumer", choices=SUBGRAPHS, required=name != "list", help="the subgraph that has given them up"
        )
        action.set_defaults(command=_dead_letters, action=name, id=None, all=False)
        if name != "list":
            which = action.add_mutually_exclusive_group(required=True)
            which.add_argument("--id", action="append", metavar="ID", help="as `list` tells it; again for more")
            which.add_argument("--all", action="store_true", help="all of the consumer's")


def _settings(**given: object) -> "StudiumSettings":
    """From the environment; what the command line gives wins."""
    from pydantic import ValidationError

    from studium.embedded.errors import CannotStart
    from studium.settings import StudiumSettings

    try:
        return StudiumSettings.model_validate(
            StudiumSettings().model_dump(exclude_unset=True)
            | {name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "STUDIUM_" + "_".join(map(str, first["loc"])).upper()
        raise CannotStart(f"The setting {name} is wrong: {first['msg'].removeprefix('Value error, ')}.") from error


def _up(options: argparse.Namespace) -> int:
    from studium.up import up

    return up(_settings(port=options.port), processes=options.processes, demo=options.demo)


def _migrate(_: argparse.Namespace) -> int:
    from studium.migrating import migrate

    return migrate(_settings())


def _worker(_: argparse.Namespace) -> int:
    from studium.worker import main as work

    return work(_settings())


def _seed(options: argparse.Namespace) -> int:
    from studium.seed import seed

    return seed(options.url)


def _serve(options: argparse.Namespace) -> int:
    from studium.subgraph_process import serve_subgraph

    return serve_subgraph(options.subgraph, _settings(host=options.host, port=options.port))


def _router(options: argparse.Namespace) -> int:
    from studium.router_process import serve_router

    return serve_router(_settings(host=options.host, port=options.port))


def _schema(options: argparse.Namespace) -> int:
    from studium.schema import export

    return export(check=options.check)


def _keys(options: argparse.Namespace) -> int:
    from studium.new_keys import environment_lines, rotated_lines

    sys.stdout.write(rotated_lines(_settings().signing_key) if options.rotate else environment_lines())
    return 0


def _health(options: argparse.Namespace) -> int:
    from studium.probing import is_well

    return 0 if is_well(options.url) else 1


def _create_tenant(options: argparse.Namespace) -> int:
    from studium.tenants import create_tenant

    return create_tenant(options)


def _change_tenant(options: argparse.Namespace) -> int:
    from studium.tenants import change

    return change(_settings(), options)


def _verify_audit(options: argparse.Namespace) -> int:
    from studium.audit import verify

    return verify(_settings(), options)


def _audit_heads(options: argparse.Namespace) -> int:
    from studium.audit import heads

    return heads(_settings(), options)


def _data_keys(options: argparse.Namespace) -> int:
    from studium.data_keys import run

    return run(_settings(), options)


def _dead_letters(options: argparse.Namespace) -> int:
    from studium.dead_letters import run

    return run(_settings(), options)


def _delete_tenant(options: argparse.Namespace) -> int:
    from studium.tenants import delete

    return delete(_settings(), options)


def _move_tenant(options: argparse.Namespace) -> int:
    from studium.moving import move

    return move(_settings(), options)


def _check_tenants(options: argparse.Namespace) -> int:
    from studium.tenants import check

    return check(_settings(), options.tenant)


def _list_tenants(_: argparse.Namespace) -> int:
    from studium.tenants import list_tenants

    return list_tenants(_settings())


if __name__ == "__main__":
    main()
