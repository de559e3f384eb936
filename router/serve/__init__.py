"""Serve a supergraph to clients: GraphQL over HTTP, WebSockets and event streams, with limits before work."""

from router.serve.access.authenticate import TokenAuthentication, by_token
from router.serve.access.enforcement import Access, Policies
from router.serve.access.identity import Identity
from router.serve.access.internal import InternalTokens, TokenSigner
from router.serve.access.tokens import TokenVerifier, TrustedIssuer
from router.serve.app import create_app
from router.serve.demand.config import Demand, Per, Rate, Unit
from router.serve.demand.control import DemandControl
from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.limits import Limits
from router.serve.operation import Operation
from router.serve.request import Authenticate, GraphQLRequest, Hooks, RequestContext, forwarding
from router.serve.streams.revocation import Revocations
from router.serve.streams.settings import Overflow, StreamSettings
from router.serve.variants.naming import TenantNaming
from router.serve.variants.policy import ContractTags, Introspection, TenantPolicy
from router.serve.variants.settings import TenancySettings, TenantEntry
from router.serve.variants.tenancy import Tenancy, TenantMismatch

__all__ = [
    "Access",
    "Authenticate",
    "ContractTags",
    "Demand",
    "DemandControl",
    "Engine",
    "GraphQLRequest",
    "Hooks",
    "Identity",
    "InternalTokens",
    "Introspection",
    "Limits",
    "Operation",
    "Overflow",
    "Per",
    "Policies",
    "Rate",
    "Refused",
    "RequestContext",
    "Revocations",
    "StreamSettings",
    "Tenancy",
    "TenancySettings",
    "TenantEntry",
    "TenantMismatch",
    "TenantNaming",
    "TenantPolicy",
    "TokenAuthentication",
    "TokenSigner",
    "TokenVerifier",
    "TrustedIssuer",
    "Unit",
    "by_token",
    "create_app",
    "forwarding",
]
