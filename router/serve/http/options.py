"""Options of `python -m router serve` about what clients may do over HTTP."""

import argparse
from typing import Final

from router.serve.config.options import Plain, Sets, Switch

_PREVENTION: Final[dict[str, Plain]] = {"off": "false", "on": "true", "strict": {"strict": "true"}}


def add_http_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--cors-origin",
        action=Sets,
        key="http.cors.origins",
        added=True,
        metavar="ORIGIN",
        help="a site whose pages may ask and read the answers; * for all (default: none)",
    )
    parser.add_argument(
        "--cors-credentials",
        action=Sets,
        key="http.cors.credentials",
        value="true",
        help="their requests may bring cookies",
    )
    parser.add_argument(
        "--csrf-prevention",
        action=Sets,
        key="http.cross_site",
        read=_PREVENTION.__getitem__,
        choices=list(_PREVENTION),
        help="refuse what other sites may have made a browser send; `strict`: every GET without a header that says not "
        "so (default: on)",
    )
    parser.add_argument(
        "--allowed-host",
        action=Sets,
        key="http.hosts",
        added=True,
        metavar="NAME",
        help="that the router is reached by, *.NAME for all within it, * for any (default: any)",
    )
    _add_forms(parser)


def _add_forms(parser: argparse.ArgumentParser) -> None:
    """How requests and answers may look."""
    parser.add_argument(
        "--compression",
        action=Switch,
        key="http.compression",
        help="compress answers for clients that take them so (default: yes)",
    )
    parser.add_argument(
        "--batch",
        action=Sets,
        key="http.batch",
        metavar="N",
        help="most operations in one request (default: no lists of them)",
    )
    parser.add_argument(
        "--uploads",
        action=Switch,
        key="http.uploads",
        help="take files for the scalar Upload, and send them on to subgraphs (default: no)",
    )
