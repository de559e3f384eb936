"""Feature flags of a tenant, and which value each has for somebody.

A flag has variants, of which one is the default; rules give others to some. The first rule that is met decides.
Who falls under a percentage is a matter of the flag's key and theirs, so it stays the same wherever it is asked.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

FlagValue: TypeAlias = bool | int | float | str
WHOLE: Final = 100


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who gets a variant: whoever meets all that the rule says; one that says nothing is met by everybody."""

    variant: str
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    """Their ids."""
    percentage: int | None = None
    """Of all people, 0 to 100; None for all."""


class Flag(msgspec.Struct, frozen=True, omit_defaults=True):
    """One flag; while it is not enabled it decides nothing."""

    variants: dict[str, FlagValue]
    default: str
    enabled: bool = True
    rules: tuple[Rule, ...] = ()
    description: str = ""


class Flags(msgspec.Struct, frozen=True):
    """All flags of a tenant, by their keys."""

    by_key: dict[str, Flag] = {}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a flag is asked for."""

    key: str
    """A person's id, as a rule; empty for nobody in particular, who falls under no percentage."""
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The value of a flag, and whether a rule or the default gave it."""

    variant: str
    value: FlagValue
    by_rule: bool


def decide(key: str, flag: Flag, subject: Subject) -> Decision:
    """The value of an enabled flag for somebody."""
    for rule in flag.rules:
        if _is_met(key, rule, subject):
            return Decision(rule.variant, flag.variants[rule.variant], by_rule=True)
    return Decision(flag.default, flag.variants[flag.default], by_rule=False)


def values_for(flags: Flags, subject: Subject) -> Mapping[str, FlagValue]:
    """The value of every enabled flag for somebody."""
    return {key: decide(key, flag, subject).value for key, flag in flags.by_key.items() if flag.enabled}


def _is_met(key: str, rule: Rule, subject: Subject) -> bool:
    return (
        (not rule.roles or subject.role in rule.roles)
        and (not rule.users or subject.key in rule.users)
        and (rule.percentage is None or (bool(subject.key) and _place(key, subject.key) < rule.percentage))
    )


def _place(key: str, subject: str) -> int:
    """From 0 to 99, the same each time, and independent of the places in other flags."""
    digest = hashlib.sha256(f"{key}\0{subject}".encode()).digest()
    return int.from_bytes(digest[:8]) % WHOLE
