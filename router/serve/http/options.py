"""Options of `python -m router serve` about what clients may do over HTTP."""

import argparse

from router.serve.http.config import ANY, Compression, Cors, CrossSite, HttpPolicy, PolicyError, Uploads

_OFF, _ON, _STRICT = "off", "on", "strict"


def add_http_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site whose pages may ask and read the answers; * for all (default: none)",
    )
    parser.add_argument("--cors-credentials", action="store_true", help="their requests may bring cookies")
    parser.add_argument(
        "--csrf-prevention",
        choices=[_OFF, _ON, _STRICT],
        default=_ON,
        help="refuse what other sites may have made a browser send; `strict`: every GET without a header that says not "
        "so (default: %(default)s)",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="that the router is reached by, *.NAME for all within it (default: any)",
    )
    parser.add_argument(
        "--compression",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compress answers for clients that take them so (default: yes)",
    )
    parser.add_argument(
        "--batch", type=int, default=0, metavar="N", help="most operations in one request (default: no lists of them)"
    )
    parser.add_argument(
        "--uploads",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="take files for the scalar Upload, and send them on to subgraphs (default: no)",
    )


def http_of(arguments: argparse.Namespace) -> HttpPolicy:
    """What the options say.

    Raises:
        PolicyError: they would let every site read every user's data.
    """
    if arguments.cors_credentials and not arguments.cors_origin:
        raise PolicyError("Say whose requests may bring cookies: --cors-origin.")
    origins = tuple(arguments.cors_origin)
    prevention = arguments.csrf_prevention
    return HttpPolicy(
        cross_site=None if prevention == _OFF else CrossSite(strict=prevention == _STRICT),
        cors=Cors(origins, credentials=arguments.cors_credentials) if origins else None,
        compression=Compression() if arguments.compression else None,
        hosts=() if ANY in arguments.allowed_host else tuple(arguments.allowed_host),
        batch=arguments.batch,
        uploads=Uploads() if arguments.uploads else None,
    )
