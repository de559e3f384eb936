"""Merge the types of fields, arguments and input fields."""

from router.compose.hints import HintCode
from router.compose.merge.context import Agreement, EnumUse, Merge, Sources, present
from router.compose.model import EnumType, Field, InputValue, Schema
from router.compose.subtypes import is_strict_subtype
from router.federation.errors import ErrorCode
from router.federation.type_ref import TypeRef, base_name


def merge_type(merge: Merge, sources: Sources[Field] | Sources[InputValue], into: Field | InputValue) -> Agreement:
    """Give `into` the type that all subgraphs can live with: the widest a client may get, the narrowest it may send."""
    is_input = isinstance(into, InputValue)
    references = [source.type for source in present(sources).values()]
    into.type, agreement = _reconcile(merge.supergraph, references, narrow=is_input)
    _note_enum_use(merge, into, is_input=is_input)
    if agreement is Agreement.INCOMPATIBLE:
        is_argument = into.coordinate.endswith(":)")
        code = ErrorCode.FIELD_ARGUMENT_TYPE_MISMATCH if is_argument else ErrorCode.FIELD_TYPE_MISMATCH
        merge.error(
            code,
            f'Type of {"argument" if is_argument else "field"} "{into.coordinate}" is incompatible across subgraphs: '
            f"it has {_by_type(merge, sources)}. Give it one type, or types that are subtypes of one another.",
            (source.node for source in present(sources).values()),
        )
    elif agreement is Agreement.COMPATIBLE:
        is_argument = into.coordinate.endswith(":)")
        merge.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE
            if is_argument
            else HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
            f'Type of "{into.coordinate}" differs across subgraphs: it has {_by_type(merge, sources)}; '
            f'the supergraph uses "{into.type}".',
        )
    return agreement


def _by_type(merge: Merge, sources: Sources[Field] | Sources[InputValue]) -> str:
    return merge.by_subgraph(sources, lambda source: f'type "{source.type}"')


def _reconcile(schema: Schema, references: list[TypeRef], *, narrow: bool) -> tuple[TypeRef, Agreement]:
    chosen, agreement = references[0], Agreement.SAME
    for each in references[1:]:
        if each == chosen:
            continue
        below, above = is_strict_subtype(schema, each, chosen), is_strict_subtype(schema, chosen, each)
        if not below and not above:
            agreement = Agreement.INCOMPATIBLE
            continue
        if below == narrow:
            chosen = each
        if agreement is Agreement.SAME:
            agreement = Agreement.COMPATIBLE
    return chosen, agreement


def _note_enum_use(merge: Merge, element: Field | InputValue, *, is_input: bool) -> None:
    name = base_name(element.type)
    if isinstance(merge.supergraph.types.get(name), EnumType):
        use = merge.enum_uses.setdefault(name, EnumUse())
        if is_input:
            use.as_input = use.as_input or element.coordinate
        else:
            use.as_output = use.as_output or element.coordinate
