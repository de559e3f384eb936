"""Functions of one's own that a router calls, named in its configuration as `module:function`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any

from router.serve.access.enforcement import Policies
from router.serve.request import Authenticate
from router.serve.traffic.calls import CallHooks
from router.serve.variants.policy import PolicyOf
from router.serve.variants.tenancy import Audit


class HookError(Exception):
    """There is no such function; the message says which key names it."""


@dataclass(frozen=True, slots=True)
class HookNames:
    """Functions of one's own, each as `module:function`; they are found when the router starts.

    Modules are found as Python finds them, from the working directory on. All functions are asynchronous. What they
    are called with and what they give back is said by the classes that are named below.

    Attributes:
        authenticate: tells who asks, in place of `access.tokens`: `router.serve.Authenticate`.
        policies: decides which policies of `@policy` a caller meets, once for each operation that needs any:
            `router.serve.Policies`. Without it nobody meets any.
        before_calls: look at each request to a subgraph before it is sent, and may change its headers, in their order:
            `router.serve.traffic.RequestHook`.
        after_calls: learn what became of each request to a subgraph: `router.serve.traffic.ResponseHook`.
        tenant_policy: says what holds for a tenant, in place of `tenants.plans`:
            `router.serve.variants.policy.PolicyOf`.
        audit: is told of each request that names another tenant than its caller's:
            `router.serve.variants.tenancy.Audit`.
    """

    authenticate: str | None = None
    policies: str | None = None
    before_calls: tuple[str, ...] = ()
    after_calls: tuple[str, ...] = ()
    tenant_policy: str | None = None
    audit: str | None = None


@dataclass(frozen=True, slots=True)
class FoundHooks:
    """The functions that names stand for."""

    authenticate: Authenticate | None
    policies: Policies | None
    calls: CallHooks
    tenant_policy: PolicyOf | None
    audit: Audit | None


def found(names: HookNames) -> FoundHooks:
    """The functions.

    Raises:
        HookError: one cannot be found.
    """
    return FoundHooks(
        _one(names.authenticate, "authenticate"),
        _one(names.policies, "policies"),
        CallHooks(_all(names.before_calls, "before_calls"), _all(names.after_calls, "after_calls")),
        _one(names.tenant_policy, "tenant_policy"),
        _one(names.audit, "audit"),
    )


def _all(names: tuple[str, ...], key: str) -> tuple[Any, ...]:
    return tuple(_function(name, f"{key}[{number}]") for number, name in enumerate(names))


def _one(name: str | None, key: str) -> Any:
    return None if name is None else _function(name, key)


def _function(name: str, key: str) -> Callable[..., Any]:
    """What a name such as `module:function` or `module:object.method` stands for.

    Raises:
        HookError: nothing that can be called.
    """
    module, separator, path = name.partition(":")
    if not (module and separator and path):
        raise HookError(f"hooks.{key}: {name!r} is no `module:function`.")
    try:
        function = reduce(getattr, path.split("."), import_module(module))
    except AttributeError as error:
        raise HookError(f"hooks.{key}: {name!r} cannot be found: {error}.") from error
    except Exception as error:  # whatever a module does when it is imported
        raise HookError(f"hooks.{key}: The module of {name!r} cannot be imported: {error!r}") from error
    if not callable(function):
        raise HookError(f"hooks.{key}: {name!r} is no function.")
    return function
