"""An OpenFeature provider over a tenant's flags.

Services ask through OpenFeature's API, whose evaluation context names the tenant; another provider can take its place.
Source: OpenFeature specification, section 2 (providers).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from shared.caller import Caller
from shared.tenancy.flags import Flags, Subject, decide

_Value = TypeVar("_Value")
_FLAGS: Final = "studium.flags"
_ROLE: Final = "role"


def context_of(caller: Caller, flags: Flags) -> EvaluationContext:
    """What flags are asked with: the caller, and the flags of the caller's own tenant."""
    return EvaluationContext(
        targeting_key=str(caller.user_id or ""), attributes={_ROLE: caller.role, _FLAGS: _Opaque(flags)}
    )


class _Opaque(dict[str, Any]):
    """Flags inside an evaluation context, whose attributes are plain values or mappings."""

    def __init__(self, flags: Flags) -> None:
        super().__init__()
        self.flags: Final = flags


class TenantFlags(AbstractProvider):
    """Evaluates the flags that the evaluation context carries; it keeps none, so it cannot mix tenants up."""

    def get_metadata(self) -> Metadata:
        return Metadata(name="studium-tenant-flags")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: FBT001 - the signature is OpenFeature's
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        return _resolve(flag_key, default_value, evaluation_context, lambda value: isinstance(value, bool))

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        return _resolve(flag_key, default_value, evaluation_context, lambda value: isinstance(value, str))

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        return _resolve(flag_key, default_value, evaluation_context, lambda value: type(value) is int)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        return _resolve(flag_key, default_value, evaluation_context, lambda value: type(value) in {int, float})

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        return _resolve(flag_key, default_value, evaluation_context, lambda _: False)


def _resolve(
    key: str, otherwise: _Value, context: EvaluationContext | None, fits: Callable[[object], bool]
) -> FlagResolutionDetails[_Value]:
    held = context.attributes.get(_FLAGS) if context else None
    if context is None or not isinstance(held, _Opaque):
        return _failed(otherwise, ErrorCode.INVALID_CONTEXT, "no tenant's flags are in the evaluation context")
    flag = held.flags.by_key.get(key)
    if flag is None:
        return _failed(otherwise, ErrorCode.FLAG_NOT_FOUND, f"there is no flag {key!r}")
    if not flag.enabled:
        return FlagResolutionDetails(otherwise, reason=Reason.DISABLED)
    decided = decide(key, flag, Subject(context.targeting_key or "", _text(context.attributes.get(_ROLE))))
    if not fits(decided.value):
        return _failed(otherwise, ErrorCode.TYPE_MISMATCH, f"{key!r} has values of another type")
    value: Any = decided.value
    reason = Reason.TARGETING_MATCH if decided.by_rule else Reason.DEFAULT
    return FlagResolutionDetails(value, variant=decided.variant, reason=reason)


def _failed(otherwise: _Value, code: ErrorCode, message: str) -> FlagResolutionDetails[_Value]:
    return FlagResolutionDetails(otherwise, error_code=code, error_message=message, reason=Reason.ERROR)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
