"""Feature flags in the graph."""

import strawberry

from shared.errors import BadUserInput, parse_ids
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.user_errors import Payload
from shared.roles import Role
from shared.tenancy.flags import Flag, FlagValue, Rule


@strawberry.type(description="A value of a flag; one of the three is not null.")
class FlagVariant:
    name: str = strawberry.field(description="Of the variant.")
    boolean: bool | None = strawberry.field(description="If the flag is a switch.")
    text: str | None = strawberry.field(description="If the flag's values are text.")
    number: float | None = strawberry.field(description="If the flag's values are numbers.")

    @classmethod
    def of(cls, name: str, value: FlagValue) -> "FlagVariant":
        return cls(name=name, boolean=_boolean(value), text=_text(value), number=_number(value))


@strawberry.type(description="Who gets a variant: whoever meets all that the rule says.")
class FlagRule:
    variant: str = strawberry.field(description="The variant's name.")
    roles: list[str] = strawberry.field(description="One of these; empty for any.")
    user_ids: list[strawberry.ID] = strawberry.field(description="One of these; empty for anybody.")
    percentage: int | None = strawberry.field(description="Of all people; null for all.")

    @classmethod
    def of(cls, rule: Rule) -> "FlagRule":
        ids = [strawberry.ID(each) for each in rule.users]
        return cls(variant=rule.variant, roles=list(rule.roles), user_ids=ids, percentage=rule.percentage)


@strawberry.type(description="A feature flag of the tenant.")
class FeatureFlag:
    key: str = strawberry.field(description="By which it is asked for.")
    description: str = strawberry.field(description="What it is for.")
    enabled: bool = strawberry.field(description="While it is not, whoever asks gets what they have for want of it.")
    variants: list[FlagVariant] = strawberry.field(description="The values it can have.")
    default_variant: str = strawberry.field(description="Which counts where no rule is met.")
    rules: list[FlagRule] = strawberry.field(description="The first that is met decides.")

    @classmethod
    def of(cls, key: str, flag: Flag) -> "FeatureFlag":
        return cls(
            key=key,
            description=flag.description,
            enabled=flag.enabled,
            variants=[FlagVariant.of(name, value) for name, value in flag.variants.items()],
            default_variant=flag.default,
            rules=[FlagRule.of(each) for each in flag.rules],
        )


@strawberry.type(description="What a flag is for the caller; one of the three values is not null.")
class FlagDecision:
    key: str = strawberry.field(description="The flag's.")
    boolean: bool | None = strawberry.field(description="If the flag is a switch.")
    text: str | None = strawberry.field(description="If the flag's values are text.")
    number: float | None = strawberry.field(description="If the flag's values are numbers.")

    @classmethod
    def of(cls, key: str, value: FlagValue) -> "FlagDecision":
        return cls(key=key, boolean=_boolean(value), text=_text(value), number=_number(value))


def _boolean(value: FlagValue) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: FlagValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: FlagValue) -> float | None:
    return None if isinstance(value, (bool, str)) else value


@strawberry.input(description="A value of a flag: a name, and one of the three.")
class FlagVariantInput:
    name: str = strawberry.field(description="1 to 64 characters.")
    boolean: bool | None = strawberry.field(default=None, description="For a switch.")
    text: str | None = strawberry.field(default=None, description="At most 500 characters.")
    number: float | None = strawberry.field(default=None, description="Any.")

    def value(self, place: int) -> FlagValue:
        """The one that is given.

        Raises:
            BadUserInput: it is not exactly one.
        """
        given = [each for each in (self.boolean, self.text, self.number) if each is not None]
        if len(given) != 1:
            field = f"variants.{place}"
            raise BadUserInput(f"`{field}` must have one of `boolean`, `text` and `number`", field=field)
        return given[0]


@strawberry.input(description="Who gets a variant: whoever meets all that the rule says.")
class FlagRuleInput:
    variant: str = strawberry.field(description="The variant's name.")
    roles: list[Role] = strawberry.field(default_factory=list[Role], description="One of these; empty for any.")
    user_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list[strawberry.ID], description="One of these, at most 100; empty for anybody."
    )
    percentage: int | None = strawberry.field(default=None, description="Of all people, 0 to 100; null for all.")

    def rule(self, place: int) -> Rule:
        """As the record has it."""
        ids = parse_ids(self.user_ids, field=f"rules.{place}.userIds")
        return Rule(self.variant, tuple(self.roles), tuple(map(str, ids)), self.percentage)


@strawberry.input(description="A flag, in place of the one with its key, if there is one.")
class SetFeatureFlagInput(UpdateInput):
    key: str = strawberry.field(description="1 to 64 small letters, digits, dots, hyphens and underscores.")
    variants: list[FlagVariantInput] = strawberry.field(description="1 to 20, with values of one kind.")
    default_variant: str = strawberry.field(description="Which counts where no rule is met.")
    description: str = strawberry.field(default="", description="What it is for.")
    enabled: bool = strawberry.field(default=True, description="Whether it decides anything.")
    rules: list[FlagRuleInput] = strawberry.field(
        default_factory=list[FlagRuleInput], description="The first that is met decides; at most 20."
    )

    def flag(self) -> Flag:
        """As the record has it.

        Raises:
            BadUserInput: two variants have one name, or something is no value or no id.
        """
        variants = {each.name: each.value(place) for place, each in enumerate(self.variants)}
        if len(variants) < len(self.variants):
            raise BadUserInput("`variants` must have a name each", field="variants")
        rules = tuple(each.rule(place) for place, each in enumerate(self.rules))
        return Flag(variants, self.default_variant, self.enabled, rules, self.description)


@strawberry.type(description="What came of `setFeatureFlag`.")
class SetFeatureFlagPayload(Payload):
    flag: FeatureFlag | None = strawberry.field(default=None, description="As it is now; null if it was refused.")


@strawberry.input(description="A flag that is to be no more.")
class RemoveFeatureFlagInput(MutationInput):
    key: str = strawberry.field(description="The flag's.")


@strawberry.type(description="What came of `removeFeatureFlag`.")
class RemoveFeatureFlagPayload(Payload):
    key: str | None = strawberry.field(default=None, description="Of the flag that is no more; null if refused.")
