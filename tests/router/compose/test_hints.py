"""What composes and yet is remarked on; each test is named for its hint."""

from router.compose import HintCode
from router.compose.hints import HintLevel
from tests.router.compose.graphs import LINK, hints


def test_contextual_argument_not_contextual_in_all_subgraphs() -> None:
    found = hints(
        a="""
            type P @key(fields: "id") @context(name: "ctx") { id: ID! prop: String! u: U! }
            type U @key(fields: "id") {
              id: ID! f(a: String @fromContext(field: "$ctx { prop }")): Int @shareable
            }
            type Query { p: P! }
        """,
        b='type U @key(fields: "id") { id: ID! f(a: String): Int @shareable }',
    )
    assert found == {HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS}


def test_directive_composition_info() -> None:
    found = hints(a=f'{LINK} extend schema @composeDirective(name: "@tag") type Query {{ q: Int }}')
    assert found == {HintCode.DIRECTIVE_COMPOSITION_INFO}


def test_directive_composition_warn() -> None:
    mark = 'extend schema @link(url: "https://example.com/mark/v1.0", import: [{}])'
    found = hints(
        a=f"""
            {LINK} {mark.format('"@mark"')} @composeDirective(name: "@mark")
            directive @mark on FIELD_DEFINITION
            type Query {{ a: Int @mark }}
        """,
        b=f"""
            {LINK} {mark.format('{name: "@mark", as: "@sign"}')}
            directive @sign on FIELD_DEFINITION
            type Query {{ b: Int @sign }}
        """,
    )
    assert found == {HintCode.DIRECTIVE_COMPOSITION_WARN}


def test_from_subgraph_does_not_exist() -> None:
    assert hints(a='type Query { q: Int @override(from: "z") }') == {HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST}


def test_inconsistent_argument_presence() -> None:
    found = hints(a="type Query { f(x: Int): Int @shareable }", b="type Query { f: Int @shareable }")
    assert found == {HintCode.INCONSISTENT_ARGUMENT_PRESENCE}


def test_inconsistent_but_compatible_argument_type() -> None:
    found = hints(a="type Query { f(x: Int): Int @shareable }", b="type Query { f(x: Int!): Int @shareable }")
    assert found == {HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE}


def test_inconsistent_but_compatible_field_type() -> None:
    found = hints(a="type Query { f: Int @shareable }", b="type Query { f: Int! @shareable }")
    assert found == {HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE}


def test_inconsistent_default_value_presence() -> None:
    found = hints(a="type Query { f(x: Int = 1): Int @shareable }", b="type Query { f(x: Int): Int @shareable }")
    assert found == {HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE}


def test_inconsistent_description() -> None:
    found = hints(a='type Query { "one" f: Int @shareable }', b='type Query { "two" f: Int @shareable }')
    assert found == {HintCode.INCONSISTENT_DESCRIPTION}


def test_inconsistent_entity() -> None:
    found = hints(
        a='type T @key(fields: "id") { id: ID! } type Query { t: T }',
        b="type T { id: ID! @shareable } type Query { u: T }",
    )
    assert found == {HintCode.INCONSISTENT_ENTITY}


def test_inconsistent_enum_value_for_input_enum() -> None:
    found = hints(
        a="enum E { A B } type Query { f(e: E): Int @shareable }",
        b="enum E { A } type Query { f(e: E): Int @shareable }",
    )
    assert found == {HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM}


def test_inconsistent_enum_value_for_output_enum() -> None:
    found = hints(a="enum E { A B } type Query { f: E @shareable }", b="enum E { A } type Query { f: E @shareable }")
    assert found == {HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM}


def test_inconsistent_executable_directive_locations() -> None:
    found = hints(
        a="directive @d on FIELD | QUERY type Query { a: Int }", b="directive @d on FIELD type Query { b: Int }"
    )
    assert found == {HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS}


def test_inconsistent_executable_directive_presence() -> None:
    found = hints(a="directive @d on FIELD type Query { a: Int }", b="type Query { b: Int }")
    assert found == {HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE}


def test_inconsistent_executable_directive_repeatable() -> None:
    found = hints(
        a="directive @d repeatable on FIELD type Query { a: Int }", b="directive @d on FIELD type Query { b: Int }"
    )
    assert found == {HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE}


def test_inconsistent_input_object_field() -> None:
    found = hints(
        a="input I { x: Int y: Int } type Query { f(i: I): Int @shareable }",
        b="input I { x: Int } type Query { f(i: I): Int @shareable }",
    )
    assert found == {HintCode.INCONSISTENT_INPUT_OBJECT_FIELD}


def test_inconsistent_interface_value_type_field() -> None:
    found = hints(
        a="interface I { f: Int } type A implements I @shareable { f: Int g: Int } type Query { a: I }",
        b="interface I { f: Int g: Int } type A implements I @shareable { f: Int g: Int } type Query { b: I }",
    )
    assert found == {HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD}


def test_inconsistent_non_repeatable_directive_arguments() -> None:
    found = hints(
        a='type Query { f: Int @shareable @deprecated(reason: "x") }',
        b='type Query { f: Int @shareable @deprecated(reason: "y") }',
    )
    assert found == {HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS}


def test_inconsistent_object_value_type_field() -> None:
    found = hints(
        a="type T @shareable { f: Int g: Int } type Query { t: T @shareable }",
        b="type T @shareable { f: Int } type Query { t: T @shareable }",
    )
    assert found == {HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD}


def test_inconsistent_runtime_types_for_shareable_return() -> None:
    found = hints(
        a="union U = A | B type A { a: Int } type B @shareable { b: Int } type Query { u: U @shareable }",
        b="union U = B type B @shareable { b: Int } type Query { u: U @shareable }",
    )
    assert found == {HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN, HintCode.INCONSISTENT_UNION_MEMBER}


def test_inconsistent_type_system_directive_locations() -> None:
    """One of the definitions is chosen, and no subgraph loses by it; the reference never gives this hint either."""
    assert _of_composed("on FIELD_DEFINITION", "on FIELD_DEFINITION | OBJECT") == set()


def test_inconsistent_type_system_directive_repeatable() -> None:
    """The same."""
    assert _of_composed("on FIELD_DEFINITION", "repeatable on FIELD_DEFINITION") == set()


def _of_composed(*definitions: str) -> set[HintCode]:
    mark = (
        'extend schema @link(url: "https://example.com/mark/v1.0", import: ["@mark"]) @composeDirective(name: "@mark")'
    )
    sdls = (
        f"{LINK} {mark} directive @mark {definition} type Query {{ {name}: Int @mark }}"
        for name, definition in zip("ab", definitions, strict=True)
    )
    return hints(**dict(zip("ab", sdls, strict=True)))


def test_inconsistent_union_member() -> None:
    found = hints(
        a="union U = A | B type A { a: Int } type B @shareable { b: Int } type Query { u: U }",
        b="union U = B type B @shareable { b: Int } type Query { v: U }",
    )
    assert found == {HintCode.INCONSISTENT_UNION_MEMBER}


def test_implicitly_upgraded_federation_version() -> None:
    found = hints(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.0")
              @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost"])
            type Query { f: Int @cost(weight: 3) }
        """
    )
    assert found == {HintCode.IMPLICITLY_UPGRADED_FEDERATION_VERSION}


def test_merged_non_repeatable_directive_arguments() -> None:
    found = hints(
        a="type Query { f: Int @shareable @cost(weight: 1) }", b="type Query { f: Int @shareable @cost(weight: 2) }"
    )
    assert found == {HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS}


def test_no_executable_directive_intersection() -> None:
    found = hints(a="directive @d on QUERY type Query { a: Int }", b="directive @d on FIELD type Query { b: Int }")
    assert found == {HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION}


def test_overridden_field_can_be_removed() -> None:
    found = hints(a='type Query { f: Int @override(from: "b") }', b="type Query { f: Int }")
    assert found == {HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED}


def test_override_directive_can_be_removed() -> None:
    found = hints(a='type Query { f: Int @override(from: "b") }', b="type Query { g: Int }")
    assert found == {HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED}


def test_override_migration_in_progress() -> None:
    found = hints(a='type Query { f: Int @override(from: "b", label: "l") }', b="type Query { f: Int }")
    assert found == {HintCode.OVERRIDE_MIGRATION_IN_PROGRESS}


def test_unused_enum_type() -> None:
    assert hints(a="enum E { A } type Query { q: Int }") == {HintCode.UNUSED_ENUM_TYPE}


def test_hints_have_levels() -> None:
    assert HintCode.INCONSISTENT_DESCRIPTION.level is HintLevel.WARN
    assert HintCode.INCONSISTENT_ENTITY.level is HintLevel.INFO
    assert HintCode.UNUSED_ENUM_TYPE.level is HintLevel.DEBUG


def test_inconsistent_type_system_directive_repeatable_and_locations() -> None:
    """Never given, by the reference neither: such directives are composed on request only, and not compared."""
    compose = '@link(url: "https://example.com/mark/v1.0", import: ["@mark"]) @composeDirective(name: "@mark")'
    found = hints(
        a=f"""
            {LINK} extend schema {compose}
            directive @mark(n: Int) repeatable on FIELD_DEFINITION | OBJECT
            type Query {{ a: Int @mark(n: 1) }}
        """,
        b=f"""
            {LINK} extend schema {compose}
            directive @mark(n: Int) on FIELD_DEFINITION
            type Query {{ b: Int @mark(n: 1) }}
        """,
    )
    assert found == set()


def test_no_enum_of_link_itself_is_unused() -> None:
    found = hints(a='extend schema @link(url: "https://example.com/mark/v1.0") type Query { q: Int }')
    assert found == set()
