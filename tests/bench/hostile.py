"""Subgraphs that nobody writes in good faith, of the sizes that hurt most: about as much as the limits let through."""

from collections.abc import Callable, Mapping

Graph = Mapping[str, str]
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@shareable", "@external", "@requires", "@override"])\n'
)
_ROOT = "type Query { root: T }"


def ten_megabytes() -> Graph:
    text = f'"""{"word " * 120}"""'
    types = "\n".join(f"{text} type T{at} {{ {text} next: T{(at + 1) % 9_000} }}" for at in range(9_000))
    return {"a": f"type Query {{ q: T0 }} {types}"}


def wide_type() -> Graph:
    return {"a": f"type Query {{ {' '.join(f'f{at}: Int' for at in range(90_000))} }}"}


def many_types() -> Graph:
    return {"a": f"type Query {{ q: Int }} {' '.join(f'type T{at} {{ x: Int }}' for at in range(45_000))}"}


def many_keys_in_many_subgraphs() -> Graph:
    keys = " ".join(f'@key(fields: "k{at}")' for at in range(60))
    fields = " ".join(f"k{at}: ID!" for at in range(60))
    return {f"s{at}": f"{LINK} type T {keys} {{ {fields} f{at}: Int }} {'' if at else _ROOT}" for at in range(60)}


def keys_of_pairs() -> Graph:
    size = 24
    fields = " ".join(f"k{at}: ID!" for at in range(size))
    found: dict[str, str] = {}
    for at in range(size):
        keys = " ".join(f'@key(fields: "k{at} k{(at + step) % size}")' for step in range(1, size))
        found[f"s{at}"] = f"{LINK} type T {keys} {{ {fields} f{at}: Int }} {'' if at else _ROOT}"
    return found


def chain_of_keys() -> Graph:
    return {
        f"s{at:03}": f'{LINK} type T @key(fields: "k{at}") @key(fields: "k{at + 1}") '
        f"{{ k{at}: ID! k{at + 1}: ID! f{at}: Int }} {'' if at else _ROOT}"
        for at in range(500)
    }


def requirements_in_a_circle() -> Graph:
    size = 200
    return {
        f"s{at:03}": f'{LINK} type T @key(fields: "id") {{ id: ID! f{(at + 1) % size}: Int @external '
        f'f{at}: Int @requires(fields: "f{(at + 1) % size}") }} {"" if at else _ROOT}'
        for at in range(size)
    }


def deep_field_set() -> Graph:
    fields = f"{'t { ' * 20_000}id{' }' * 20_000}"
    return {"a": f'{LINK} {_ROOT} type T @key(fields: "{fields}") {{ id: ID! t: T }}'}


def deep_value() -> Graph:
    return {"a": f"scalar Any type Query {{ q(a: Any = {'[' * 100_000}1{']' * 100_000}): Int }}"}


def interfaces_in_a_circle() -> Graph:
    types = " ".join(f"interface I{at} implements I{(at + 1) % 20_000} {{ x: Int }}" for at in range(20_000))
    return {"a": f"type Query {{ q: I0 }} {types}"}


def inputs_that_hold_one_another() -> Graph:
    fields = " ".join(f"f{at}: I{at}!" for at in range(250))
    return {"a": f"type Query {{ q(i: I0): Int }} {' '.join(f'input I{at} {{ {fields} }}' for at in range(250))}"}


def unions_of_everything() -> Graph:
    members = " | ".join(f"T{at}" for at in range(250))
    unions = " ".join(f"union U{at} = {members} type T{at} {{ n: U{at} }}" for at in range(250))
    return {"a": f"type Query {{ q: U0 }} {unions}"}


GRAPHS: Mapping[str, Callable[[], Graph]] = {
    graph.__name__.replace("_", " "): graph
    for graph in (
        ten_megabytes,
        wide_type,
        many_types,
        many_keys_in_many_subgraphs,
        keys_of_pairs,
        chain_of_keys,
        requirements_in_a_circle,
        deep_field_set,
        deep_value,
        interfaces_in_a_circle,
        inputs_that_hold_one_another,
        unions_of_everything,
    )
}
