"""What stands around the whole application, where a policy asks for it."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from router.serve.http.config import Cors, HttpPolicy

METHODS = ("GET", "POST", "PUT", "DELETE")
"""Of GraphQL over HTTP, and of streams that share a connection."""


def middleware_of(policy: HttpPolicy) -> list[Middleware]:
    """The outermost first."""
    layers: list[Middleware] = []
    if policy.hosts:
        layers.append(Middleware(TrustedHostMiddleware, allowed_hosts=policy.hosts, www_redirect=False))
    if policy.cors is not None:
        layers.append(_cors(policy.cors))
    return layers


def _cors(cors: Cors) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=cors.origins,
        allow_origin_regex=cors.origin_pattern,
        allow_credentials=cors.credentials,
        allow_methods=METHODS,
        allow_headers=cors.headers,
        expose_headers=cors.exposed_headers,
        max_age=cors.max_age,
    )
