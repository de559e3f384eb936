"""What nobody writes in good faith ends soon, in the right answer or in an error with a code.

Everything is scaled down until a test takes a moment; what is bounded is bounded by work, not by these sizes.
"""

from collections.abc import Callable, Mapping

import pytest

from router.compose import Composed, Refused, Subgraph, compose
from router.compose.limits import Limits
from tests.router.compose.graphs import LINK, codes, errors, supergraph

Graph = Mapping[str, str]
_ROOT = "type Query { root: T }"


def every_key_everywhere(size: int) -> Graph:
    keys = " ".join(f'@key(fields: "k{each}")' for each in range(size))
    fields = " ".join(f"k{each}: ID!" for each in range(size))
    return {f"s{at}": f"{_ROOT if at == 0 else ''} type T {keys} {{ {fields} f{at}: Int }}" for at in range(size)}


def keys_that_lead_from_each_to_the_next(size: int) -> Graph:
    def one(at: int) -> str:
        key = f'@key(fields: "k{at}") @key(fields: "k{at + 1}")'
        return f"{_ROOT if at == 0 else ''} type T {key} {{ k{at}: ID! k{at + 1}: ID! f{at}: Int }}"

    return {f"s{at:03}": one(at) for at in range(size)}


def keys_of_pairs(size: int) -> Graph:
    fields = " ".join(f"k{each}: ID!" for each in range(size))

    def one(at: int) -> str:
        keys = " ".join(f'@key(fields: "k{at} k{(at + step) % size}")' for step in range(1, size))
        return f"{_ROOT if at == 0 else ''} type T {keys} {{ {fields} f{at}: Int }}"

    return {f"s{at}": one(at) for at in range(size)}


def keys_through_one_another(size: int) -> Graph:
    def one(at: int) -> str:
        types = (
            f'type T{each} @key(fields: "id") @key(fields: "o{(each + at) % size} {{ id }}") '
            f"{{ id: ID! o{(each + at) % size}: T{(each + 1) % size} f{at}x{each}: Int }}"
            for each in range(size)
        )
        return f"{'type Query { root: T0 }' if at == 0 else ''} {' '.join(types)}"

    return {f"s{at}": one(at) for at in range(size)}


def interfaces_of_everything(size: int) -> Graph:
    everything = " & ".join(f"I{each}" for each in range(size))
    roots = " ".join(f"q{each}: I{each}" for each in range(size))
    types = (
        f"interface I{each} {{ next: I{(each + 1) % size} }} "
        f"type T{each} implements {everything} {{ next: T{(each * 3) % size} }}"
        for each in range(size)
    )
    return {"a": f"type Query {{ {roots} }} {' '.join(types)}"}


def many_mutations(size: int) -> Graph:
    mutations = " ".join(f"m{each}: T{each}" for each in range(size))
    types = " ".join(
        f'type T{each} @key(fields: "id") {{ id: ID! next: T{(each + 1) % size} }}' for each in range(size)
    )
    more = " ".join(f'type T{each} @key(fields: "id") {{ id: ID! x: Int }}' for each in range(size))
    return {"a": f"type Query {{ q: Int }} type Mutation {{ {mutations} }} {types}", "b": more}


def labels_on_everything(size: int) -> Graph:
    moving = " ".join(f'f{each}: T @override(from: "b", label: "l{each}")' for each in range(size))
    moved = " ".join(f"f{each}: T" for each in range(size))
    head = 'type T @key(fields: "id") { id: ID!'
    return {"a": f"{_ROOT} {head} {moving} }}", "b": f"{head} {moved} }}"}


def long_chain_of_inputs(size: int) -> Graph:
    inputs = " ".join(f"input I{each} {{ next: I{each + 1}! }}" for each in range(size))
    return {"a": f"type Query {{ q(i: I0): Int }} {inputs} input I{size} {{ end: Int }}"}


def many_tags(size: int) -> Graph:
    tags = " ".join(f'@tag(name: "t{each}")' for each in range(size))
    return {"a": f"type Query {{ q: Int {tags} }}"}


def many_imports(size: int) -> Graph:
    imports = ", ".join(f'"@d{each}"' for each in range(size))
    link = f'extend schema @link(url: "https://example.com/x/v1.0", import: [{imports}])'
    return {"a": f"{LINK} {link} type Query {{ q: Int }}"}


@pytest.mark.parametrize(
    ("graph", "size"),
    [
        (every_key_everywhere, 15),
        (keys_that_lead_from_each_to_the_next, 100),
        (keys_of_pairs, 12),
        (keys_through_one_another, 8),
        (interfaces_of_everything, 30),
        (many_mutations, 60),
        (labels_on_everything, 12),
        (long_chain_of_inputs, 1500),
        (many_tags, 1500),
        (many_imports, 1500),
    ],
)
def test_it_composes(graph: Callable[[int], Graph], size: int) -> None:
    assert errors(**graph(size)) == ()


def cyclic_interfaces(size: int) -> Graph:
    types = (f"interface I{each} implements I{(each + 1) % size} {{ id: ID }}" for each in range(size))
    return {"a": f"type Query {{ q: I0 }} {' '.join(types)}"}


def inputs_that_hold_one_another(size: int) -> Graph:
    fields = " ".join(f"f{each}: I{each}!" for each in range(size))
    return {"a": f"type Query {{ q(i: I0): Int }} {' '.join(f'input I{each} {{ {fields} }}' for each in range(size))}"}


def requirements_in_a_circle(size: int) -> Graph:
    def one(at: int) -> str:
        following = (at + 1) % size
        fields = f'r{at}: Int @requires(fields: "r{following}") r{following}: Int @external'
        return f'{_ROOT if at == 0 else ""} type T @key(fields: "id") {{ id: ID! {fields} }}'

    return {f"s{at}": one(at) for at in range(size)}


def unknown_types(size: int) -> Graph:
    return {"a": f"type Query {{ {' '.join(f'f{each}: X{each}' for each in range(size))} }}"}


def unknown_directives(size: int) -> Graph:
    known = " ".join(f"directive @known{each} on OBJECT" for each in range(size))
    return {"a": f"{known} type Query {{ {' '.join(f'f{each}: Int @knowm{each}' for each in range(size))} }}"}


def deep_types(size: int) -> Graph:
    return {"a": f"type Query {{ q: {'[' * size}Int{']' * size} }}"}


def deep_values(size: int) -> Graph:
    return {"a": f"scalar Any type Query {{ q(a: Any = {'[' * size}1{']' * size}): Int }}"}


def deep_field_sets(size: int) -> Graph:
    return {"a": f'{_ROOT} type T @key(fields: "{"t {" * size} id {"}" * size}") {{ id: ID! t: T }}'}


def links_to_the_same(size: int) -> Graph:
    said = (f'@link(url: "https://specs.apollo.dev/federation/v2.3", as: "f{each}")' for each in range(size))
    return {"a": f"extend schema {' '.join(said)} {_ROOT} type T {{ x: Int }}"}


def roots_in_a_circle(_: int) -> Graph:
    roots = "schema { query: Mutation mutation: Query }"
    return {"a": f"{roots} type Query {{ a: Mutation }} type Mutation {{ b: Query }}"}


@pytest.mark.parametrize(
    ("graph", "size", "code"),
    [
        (cyclic_interfaces, 300, "INVALID_GRAPHQL"),
        (inputs_that_hold_one_another, 40, "INVALID_GRAPHQL"),
        (requirements_in_a_circle, 20, "SATISFIABILITY_ERROR"),
        (unknown_types, 1500, "INVALID_GRAPHQL"),
        (unknown_directives, 1200, "INVALID_GRAPHQL"),
        (deep_types, 100_000, "INVALID_GRAPHQL"),
        (deep_values, 100_000, "INVALID_GRAPHQL"),
        (deep_field_sets, 20_000, "KEY_INVALID_FIELDS"),
        (links_to_the_same, 500, "INVALID_LINK_DIRECTIVE_USAGE"),
        (roots_in_a_circle, 1, "ROOT_QUERY_USED"),
    ],
)
def test_it_is_refused_in_few_words(graph: Callable[[int], Graph], size: int, code: str) -> None:
    found = errors(**graph(size))
    assert code in {error.code for error in found}
    assert len(found) <= Limits().errors
    assert max(len(error.message) for error in found) < 3_000


@pytest.mark.parametrize(
    "limits", [Limits(tokens=100), Limits(elements=20)], ids=["too many tokens", "too many elements"]
)
def test_subgraphs_bigger_than_the_limits_are_refused(limits: Limits) -> None:
    fields = " ".join(f"f{each}: Int" for each in range(40))
    refused = compose([Subgraph("a", "", f"type Query {{ {fields} }}")], limits=limits)
    assert isinstance(refused, Refused)
    assert "no more than" in refused.errors[0].message


def test_the_limits_hold_for_all_subgraphs_together() -> None:
    graph = [Subgraph(f"s{at}", "", f"type Query {{ f{at}: Int }}") for at in range(20)]
    assert isinstance(compose(graph, limits=Limits(tokens=200)), Composed)
    assert isinstance(compose(graph, limits=Limits(tokens=100)), Refused)


def test_of_too_many_errors_some_of_each_code_are_told() -> None:
    fields = " ".join(f"f{each}: Int" for each in range(50))
    sdl = f"{LINK} type Query {{ q: Int @shareable }} type T {{ {fields} z: Int }}"
    other = f"{sdl.replace('z: Int', 'z: String @shareable')}"
    refused = compose([Subgraph("a", "", sdl), Subgraph("b", "", other)], limits=Limits(errors=10))
    assert isinstance(refused, Refused)
    assert {error.code for error in refused.errors} == {"INVALID_FIELD_SHARING", "FIELD_TYPE_MISMATCH"}
    assert len(refused.errors) == 11  # ten, and the first of the other code
    assert refused.untold > 30


def test_errors_of_one_rule_alone_are_said_to_be_more_than_are_told() -> None:
    fields = " ".join(f"f{each}: X{each}" for each in range(1_200))
    refused = compose([Subgraph("a", "", f"type Query {{ {fields} }}")])
    assert isinstance(refused, Refused)
    assert len(refused.errors) == Limits().errors
    assert refused.untold == 200


def test_requirements_can_wait_for_one_another_for_long() -> None:
    size = 400
    even = " ".join(
        f'f{at}: Int @requires(fields: "f{at - 1}")' if at % 2 == 0 else f"f{at}: Int @external"
        for at in range(1, size)
    )
    odd = " ".join(
        f"f{at}: Int @external" if at % 2 == 0 else f'f{at}: Int @requires(fields: "f{at - 1}")' for at in range(size)
    )
    key = 'type T @key(fields: "id") { id: ID!'
    assert (
        errors(a=f'{_ROOT} {key} f0: Int {even} last: Int @requires(fields: "f{size - 1}") }}', b=f"{key} {odd} }}")
        == ()
    )


def test_a_set_of_more_subgraphs_than_the_limit_is_refused() -> None:
    graph = [Subgraph(f"s{at}", "", "type Query { q: Int }") for at in range(5)]
    refused = compose(graph, limits=Limits(subgraphs=4))
    assert isinstance(refused, Refused)
    assert "there are 5" in refused.errors[0].message


def test_what_is_too_big_is_told_once() -> None:
    graph = [Subgraph(f"s{at}", "", "type Query { q: Int }") for at in range(5)]
    refused = compose(graph, limits=Limits(characters=30))
    assert isinstance(refused, Refused)
    assert len(refused.errors) == 1


def test_conditions_that_multiply_from_subgraph_to_subgraph_are_refused() -> None:
    graph = {
        f"s{at}": f'type Query @shareable {{ q: Int @policy(policies: [["a{at}"], ["b{at}"]]) }}' for at in range(30)
    }
    (error,) = errors(**graph)
    assert "alternatives" in error.message


def test_a_message_is_not_endless() -> None:
    (error,) = errors(a=f"type Query {{ q(a: Int = {'9' * 100_000}): Int }}")
    assert len(error.message) < Limits().message + 100


@pytest.mark.parametrize("name", ["x" * 1_001, "_" * 100_000])
def test_a_name_is_not_endless(name: str) -> None:
    assert codes(a=f"type Query {{ {name}: Int }}") == {"INVALID_GRAPHQL"}


def test_a_version_is_not_endless() -> None:
    url = f"https://specs.apollo.dev/federation/v{'9' * 10_000}.0"
    assert codes(a=f'extend schema @link(url: "{url}") type Query {{ q: Int }}') == {"INVALID_LINK_IDENTIFIER"}


@pytest.mark.parametrize(
    "sdl", ["", "#", "{" * 100_000, "type Query { q: Int }\0", "\ud800", '"""', "type Query { q: Int"]
)
def test_what_is_no_schema_is_a_syntax_error(sdl: str) -> None:
    refused = compose([Subgraph("a", "", sdl)])
    assert isinstance(refused, Refused)
    assert {error.code for error in refused.errors} == {"INVALID_GRAPHQL"}


def test_a_description_can_be_long() -> None:
    assert codes(a=f'"""{"word " * 100_000}""" type Query {{ q: Int }}') == set()


@pytest.mark.parametrize("number", ["9" * 5_000, "1e999"])
def test_a_number_that_cannot_be_told_is_carried_as_written_or_refused(number: str) -> None:
    assert codes(a=f"type Query {{ q(a: Float = {number}): Int }}") == {"INVALID_GRAPHQL"}
    assert f"= {number}" in supergraph(a=f"scalar Big type Query {{ q(a: Big = {number}): Int }}")
