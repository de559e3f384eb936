"""Feature flags of a tenant: who may set them, and what they must be like."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from shared import checks
from shared.caller import Caller
from shared.errors import BadUserInput, Refusal
from shared.tenancy.flags import WHOLE, Flag, Flags, FlagValue, Rule, Subject, values_for
from shared.tenancy.own_record import Alter
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.service.tenants import MANAGE, Settling, TenantDesk, settle

MOST_FLAGS: Final = 200
MOST_VARIANTS: Final = 20
MOST_RULES: Final = 20
MOST_USERS: Final = 100
"""Whom one rule names."""
_KEY: Final = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_LONGEST_KEY: Final = 64
_LONGEST_VALUE: Final = 500


class TooManyFlags(Refusal):
    code = "TOO_MANY_FLAGS"
    default_message = f"A tenant may have {MOST_FLAGS} flags"


async def set_flag(desk: TenantDesk, caller: Caller, settling: Settling, key: str, flag: Flag) -> TenantRecord:
    """Add a flag, or put it in place of the one there is.

    Raises:
        TooManyFlags: the tenant has as many as it may.
        Forbidden, VersionConflict: see `settle`.
    """

    def alter(found: TenantRecord) -> Mapping[str, Any]:
        flags = found.flags.by_key | {key: flag}
        if len(flags) > MOST_FLAGS:
            raise TooManyFlags
        return _kept(flags)

    return await settle(desk, caller, settling, alter)


async def remove_flag(desk: TenantDesk, caller: Caller, settling: Settling, key: str) -> TenantRecord:
    """Take a flag away: whoever asks for it gets what they have for want of one. Safe to repeat.

    Raises:
        Forbidden, VersionConflict: see `settle`.
    """
    return await settle(desk, caller, settling, _without(key))


def _without(key: str) -> Alter:
    return lambda found: _kept({name: flag for name, flag in found.flags.by_key.items() if name != key})


def all_flags(caller: Caller, found: TenantRecord) -> Mapping[str, Flag]:
    """The flags themselves, by their keys.

    Raises:
        Forbidden: the caller may not manage the tenant.
    """
    caller.require(MANAGE)
    return dict(sorted(found.flags.by_key.items()))


def values_of(caller: Caller, found: TenantRecord) -> Mapping[str, FlagValue]:
    """The value of each enabled flag for the caller, by key."""
    return dict(sorted(values_for(found.flags, Subject(str(caller.user_id or ""), caller.role)).items()))


def flag_key(value: str) -> str:
    """A flag's key.

    Raises:
        BadUserInput: it is none.
    """
    if len(value) > _LONGEST_KEY or not _KEY.fullmatch(value):
        raise BadUserInput(
            f"`key` must have 1 to {_LONGEST_KEY} small letters, digits, or single dots, hyphens or underscores"
            " between them",
            field="key",
        )
    return value


def checked_flag(flag: Flag) -> Flag:
    """A flag in the form it is kept.

    Raises:
        BadUserInput: it has no variants, values of several kinds, or names a variant that it has not.
    """
    _check_variants(flag.variants)
    if len(flag.rules) > MOST_RULES:
        raise BadUserInput(f"`rules` must be at most {MOST_RULES}", field="rules")
    _check_named(flag.default, flag, "defaultVariant")
    for place, rule in enumerate(flag.rules):
        _check_rule(rule, flag, f"rules.{place}")
    described = checks.text(flag.description, field="description", longest=1_000) if flag.description else ""
    return msgspec.structs.replace(flag, description=described)


def _check_variants(variants: Mapping[str, FlagValue]) -> None:
    if not 0 < len(variants) <= MOST_VARIANTS:
        raise BadUserInput(f"`variants` must be 1 to {MOST_VARIANTS}", field="variants")
    for name, value in variants.items():
        checks.text(name, field="variants", longest=_LONGEST_KEY)
        if isinstance(value, str) and value:
            checks.text(value, field="variants", longest=_LONGEST_VALUE, lines=True)
    if len({_kind(value) for value in variants.values()}) > 1:
        raise BadUserInput("`variants` must have values of one kind", field="variants")


def _kind(value: FlagValue) -> str:
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _check_rule(rule: Rule, flag: Flag, field: str) -> None:
    _check_named(rule.variant, flag, f"{field}.variant")
    if rule.percentage is not None and not 0 <= rule.percentage <= WHOLE:
        raise BadUserInput(f"`{field}.percentage` must be 0 to {WHOLE}", field=f"{field}.percentage")
    if len(rule.users) > MOST_USERS:
        raise BadUserInput(f"`{field}.userIds` must be at most {MOST_USERS}", field=f"{field}.userIds")


def _check_named(variant: str, flag: Flag, field: str) -> None:
    if variant not in flag.variants:
        raise BadUserInput(f"`{field}` is no variant of the flag", field=field)


def _kept(flags: Mapping[str, Flag]) -> Mapping[str, Any]:
    return {"flags": msgspec.to_builtins(Flags(dict(flags)))}
