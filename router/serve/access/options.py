"""Options of `serve` for who may ask, and what happens to what they may not see."""

import argparse

from router.serve.access.authenticate import TokenAuthentication, by_token
from router.serve.access.enforcement import Access
from router.serve.access.tokens import ASYMMETRIC, TrustedIssuer
from router.serve.request import Authenticate, forwarding


class AccessError(Exception):
    """The options do not say whose tokens are accepted."""


def add_access_options(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    group = parser.add_argument_group("access")
    group.add_argument("--jwks", metavar="URL|FILE", help="the key set that access tokens are verified with")
    group.add_argument("--issuer", metavar="NAME", help="who issues the access tokens: their `iss`")
    group.add_argument("--audience", action="append", default=[], metavar="NAME", help="an accepted `aud`")
    group.add_argument("--algorithm", action="append", metavar="NAME", help="of signatures (default: all asymmetric)")
    group.add_argument("--token-type", action="append", metavar="TYPE", help="an accepted `typ` (default: at+jwt)")
    group.add_argument("--tenant-claim", metavar="NAME", help="the claim that has the tenant (default: none)")
    group.add_argument("--require-token", action="store_true", help="let nobody in without an access token")
    group.add_argument(
        "--reject-unauthorized",
        action="store_true",
        help="refuse operations that select what their caller may not see (default: null, with an error)",
    )


def authentication_of(arguments: argparse.Namespace, forward: tuple[str, ...]) -> Authenticate:
    """Who is let in; `forward` names the headers that subgraphs get.

    Raises:
        AccessError: not all is said, or something that would accept anybody's tokens.
    """
    if arguments.jwks is None:
        if arguments.require_token or arguments.issuer or arguments.audience:
            raise AccessError("Access tokens cannot be verified without --jwks.")
        return forwarding(*forward)
    try:
        issuer = TrustedIssuer(
            issuer=arguments.issuer or "",
            jwks=arguments.jwks,
            audiences=tuple(arguments.audience),
            algorithms=tuple(arguments.algorithm or ASYMMETRIC),
            types=tuple(arguments.token_type or ("at+jwt",)),
            tenant_claim=arguments.tenant_claim,
        )
    except ValueError as error:
        raise AccessError(f"{error} See --issuer, --audience and --algorithm.") from error
    return by_token(TokenAuthentication((issuer,), anonymous=not arguments.require_token, forward=forward))


def access_of(arguments: argparse.Namespace) -> Access:
    """How access rules are enforced."""
    return Access(reject=arguments.reject_unauthorized)
