"""Fields under one response key must be one field: our rule judges as graphql-core's does, only faster."""

import random
import time

import pytest
from graphql import OverlappingFieldsCanBeMergedRule, build_schema, parse, validate

from router.serve import Refused
from router.serve.limits.overlap import overlap_errors

SCHEMA = build_schema("""
    type Query { a(x: I, y: [Int]): A, b: B, i: N, u: U, list: [A], strict: A!, n: Int }
    interface N { id: ID, n: Int, i: N, same(x: Int): String }
    type A implements N { id: ID, n: Int, i: N, same(x: Int): String, v: Int, w: [Int], s: String, e: E, o: B }
    type B implements N { id: ID, n: Int, i: N, same(x: Int): String, v: String, w: Int, s: String!, e: E, o: A }
    union U = A | B
    enum E { X }
    input I { p: Int, q: [Int] }
""")


def conflicts(text: str) -> list[str]:
    return [error.message for error in overlap_errors(SCHEMA, parse(text), 20, 20_000)]


def core_conflicts(text: str) -> bool:
    return bool(validate(SCHEMA, parse(text), [OverlappingFieldsCanBeMergedRule]))


@pytest.mark.parametrize(
    "text",
    [
        "{ n n }",
        "{ a { id } a { n } }",
        "{ a(x: {p: 1, q: [1]}) { id } a(x: {q: [1], p: 1}) { n } }",
        "query($x: I) { a(x: $x) { id } a(x: $x) { n } }",
        "{ u { ... on A { k: id } ... on B { k: same } } }".replace("same", "id"),
        "{ u { ... on A { same(x: 1) } ... on B { same(x: 2) } } }",
        "{ i { ... on A { k: id } ... on B { k: id } id } }",
        "{ u { ... on A { e } ... on B { e } } }",
        "{ u { ... on A { k: __typename } ... on B { k: id } } }",
        "{ a { ...F } b { ...F } } fragment F on N { id i { ...G } } fragment G on N { n }",
    ],
)
def test_fields_that_can_be_merged_pass(text: str) -> None:
    assert not core_conflicts(text)
    assert conflicts(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ k: n k: a { id } }", "'n' and 'a' are different fields"),
        ("{ a { k: id k: s } }", "'id' and 's' are different fields"),
        ("{ a { k: id } a { k: n } }", "'id' and 'n' are different fields"),
        ("{ k: a { id } k: strict { id } }", "'a' and 'strict' are different fields"),
        ("{ u { ... on A { v: w } ... on B { v: w } } }", "they return conflicting types [Int] and Int"),
        ("{ k: a { id } k: b { id } }", "'a' and 'b' are different fields"),
        ("{ a(y: 1) { id } a(y: 2) { id } }", "they have differing arguments"),
        ("{ a(y: 1) { id } a { id } }", "they have differing arguments"),
        ("{ a(y: [1, 2]) { id } a(y: [1]) { id } }", "they have differing arguments"),
        ("{ a(x: {p: 1}) { id } a(x: {q: 1}) { id } }", "they have differing arguments"),
        ('query($x: [Int]) { a(y: $x) { id } a(y: "x") { id } }', "they have differing arguments"),
        ("{ i { k: id ... on A { k: same } } }", "'same' and 'id' are different fields"),
        ("{ i { same(x: 1) ... on A { same(x: 2) } } }", "they have differing arguments"),
        ("{ u { ... on A { v } ... on B { v } } }", "they return conflicting types Int and String"),
        ("{ u { ... on A { k: s } ... on B { k: s } } }", "they return conflicting types String and String!"),
        (
            "{ u { ... on A { k: i { v: n } } ... on B { k: i { v: id } } } }",
            "they return conflicting types Int and ID",
        ),
    ],
)
def test_fields_that_cannot_be_merged_are_named(text: str, message: str) -> None:
    assert core_conflicts(text)
    (found,) = conflicts(text)
    assert message in found


def random_selection(choose: random.Random, depth: int, fragments: int) -> str:
    parts: list[str] = []
    for _ in range(choose.randint(1, 3)):
        key = choose.choice(["", "", "", "k: ", "l: ", "m: "])
        options = [key + choose.choice(["id"] * 4 + ["n", "same(x: 1)", "__typename"])]
        if depth:
            options.append(f"{key}i {{ {random_selection(choose, depth - 1, fragments)} }}")
            options.append(f"... on {choose.choice('ABN')} {{ {random_selection(choose, depth - 1, fragments)} }}")
        if fragments:
            options.append(f"...F{choose.randrange(fragments)}")
        parts.append(choose.choice(options))
    return " ".join(parts)


@pytest.mark.parametrize("seed", range(200))
def test_the_verdict_is_graphql_cores(seed: int) -> None:
    choose = random.Random(seed)
    # Each fragment is spread at least once: what nothing spreads is refused by another rule.
    fragments = [f"fragment F{n} on N {{ {random_selection(choose, 1, n)} }}" for n in range(3)]
    text = f"{{ i {{ {random_selection(choose, 3, 3)} ...F0 ...F1 ...F2 }} }} " + " ".join(fragments)
    assert bool(conflicts(text)) is core_conflicts(text)


@pytest.mark.parametrize(
    "text",
    [
        "{" + "n " * 16_000 + "}",
        "{" + " ".join(f"a: a(y: {n}) {{ id }}" for n in range(6_000)) + "}",
        "{" + "a { i { id i { n } } } " * 3_200 + "}",
        "{ a {"
        + " ".join(f"...F{n}" for n in range(1_200))
        + "} }"
        + " ".join(f"fragment F{n} on A {{ id i {{ n }} }}" for n in range(1_200)),
    ],
    ids=["repeated", "conflicting", "nested", "fragments"],
)
def test_many_fields_under_one_key_are_judged_promptly(text: str) -> None:
    document = parse(text)
    started = time.thread_time()
    overlap_errors(SCHEMA, document, 20, 20_000)
    assert time.thread_time() - started < 5  # pairs of fields would take ten times as long


def test_a_document_whose_types_multiply_is_given_up() -> None:
    nested = "n"
    for _ in range(14):
        nested = f"i {{ n {nested} }} ... on A {{ i {{ n }} }} ... on B {{ i {{ n }} }}"
    with pytest.raises(Refused, match="too complex"):
        overlap_errors(SCHEMA, parse(f"{{ i {{ {nested} }} }}"), 20, 1_000)
