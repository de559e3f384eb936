"""Options of `serve` for who may ask, and what happens to what they may not see."""

import argparse
from functools import partial
from typing import Final

from router.serve.config.options import Sets

_ISSUER: Final = "access.tokens.issuers.0"


def add_access_options(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    group = parser.add_argument_group("access")
    sets = partial(group.add_argument, action=Sets)
    sets(
        "--forward",
        key="access.forward",
        added=True,
        metavar="HEADER",
        help="client header that subgraphs get (default: authorization)",
    )
    sets("--jwks", key=f"{_ISSUER}.jwks", metavar="URL|FILE", help="the key set that access tokens are verified with")
    sets("--issuer", key=f"{_ISSUER}.issuer", metavar="NAME", help="who issues the access tokens: their `iss`")
    sets("--audience", key=f"{_ISSUER}.audiences", added=True, metavar="NAME", help="an accepted `aud`")
    sets(
        "--algorithm",
        key=f"{_ISSUER}.algorithms",
        added=True,
        metavar="NAME",
        help="of signatures (default: all asymmetric)",
    )
    sets(
        "--token-type",
        key=f"{_ISSUER}.types",
        added=True,
        metavar="TYPE",
        help="an accepted `typ` (default: at+jwt)",
    )
    sets(
        "--tenant-claim",
        key=f"{_ISSUER}.tenant_claim",
        metavar="NAME",
        help="the claim that has the tenant (default: none)",
    )
    sets("--require-token", key="access.tokens.anonymous", value="false", help="let nobody in without an access token")
    sets(
        "--reject-unauthorized",
        key="access.reject",
        value="true",
        help="refuse operations that select what their caller may not see (default: null, with an error)",
    )
