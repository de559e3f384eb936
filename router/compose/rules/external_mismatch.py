"""EXTERNAL_TYPE_MISMATCH and EXTERNAL_ARGUMENT_*: a field that is not declared as the subgraph resolving it has it."""

from router.compose.merge.context import Agreement, Merge, Sources
from router.compose.model import Field, InputValue
from router.compose.subtypes import is_strict_subtype
from router.federation.errors import ErrorCode
from router.federation.values import same_value


def check(merge: Merge, sources: Sources[Field], into: Field, agreement: Agreement) -> None:
    """Compare each external declaration with the merged field."""
    external = {
        index: source for index, source in sources.items() if source is not None and merge.is_external(index, source)
    }
    if not external:
        return
    same = agreement is Agreement.SAME
    wrong = {
        index: source
        for index, source in external.items()
        if source.type != into.type and (same or not is_strict_subtype(merge.supergraph, source.type, into.type))
    }
    if wrong:
        shown = merge.by_subgraph(sources, lambda source: f'type "{source.type}"')
        merge.error(
            ErrorCode.EXTERNAL_TYPE_MISMATCH,
            f'"{into.coordinate}" has {shown}: where it is @external, its type must be the one it is resolved with. '
            "Repeat that.",
            (source.node for source in wrong.values()),
        )
    for argument in into.arguments.values():
        _check_argument(merge, external, into, argument)


def _check_argument(merge: Merge, external: dict[int, Field], into: Field, argument: InputValue) -> None:
    for code, lacking, what in (
        (ErrorCode.EXTERNAL_ARGUMENT_MISSING, _is_missing, "lacks it"),
        (ErrorCode.EXTERNAL_ARGUMENT_TYPE_MISMATCH, _other_type, "gives it another type"),
        (ErrorCode.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH, _other_default, "gives it another default value"),
    ):
        wrong = {index: field for index, field in external.items() if lacking(merge, field, argument)}
        if wrong:
            merge.error(
                code,
                f'Argument "{argument.coordinate}" differs where "{into.coordinate}" is @external: '
                f"{merge.names(wrong)} {what}.",
                (field.node for field in wrong.values()),
            )


def _is_missing(merge: Merge, field: Field, argument: InputValue) -> bool:
    return argument.name not in field.arguments


def _other_type(merge: Merge, field: Field, argument: InputValue) -> bool:
    here = field.arguments.get(argument.name)
    return (
        here is not None
        and here.type != argument.type
        and not is_strict_subtype(merge.supergraph, argument.type, here.type)
    )


def _other_default(merge: Merge, field: Field, argument: InputValue) -> bool:
    here = field.arguments.get(argument.name)
    return here is not None and not same_value(here.default, argument.default)
