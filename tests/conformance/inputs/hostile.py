"""Documents that cost a careless server far more than they cost who sends them, each in any size."""

import random
from collections.abc import Callable, Mapping
from typing import Final


def _doubling(chance: random.Random) -> str:
    count = chance.choice((3, 10, 18, 32, 64, 200))
    spreads = " ".join(f"fragment F{n} on Author {{ ...F{n + 1} a{n}: name ...F{n + 1} }}" for n in range(count))
    return f"{{ book(id: 1) {{ author {{ ...F0 }} }} }} {spreads} fragment F{count} on Author {{ name }}"


def _circle(chance: random.Random) -> str:
    size = chance.choice((1, 2, 3, 50))
    spreads = "".join(f"fragment F{n} on Book {{ ...F{(n + 1) % size} }} " for n in range(size))
    return "{ book(id: 1) { ...F0 } } " + spreads


def _wheel(chance: random.Random) -> str:
    size = chance.choice((3, 20, 60))
    spreads = " ".join(f"...F{n}" for n in range(size))
    return "{ book(id: 1) { ...F0 } } " + "".join(f"fragment F{n} on Book {{ {spreads} }} " for n in range(size))


def _chain(chance: random.Random) -> str:
    size = chance.choice((10, 100, 400, 1_000))
    spreads = "".join(f"fragment F{n} on Book {{ id ...F{n + 1} }} " for n in range(size))
    return f"{{ book(id: 1) {{ ...F0 }} }} {spreads} fragment F{size} on Book {{ id }}"


def _deep(chance: random.Random) -> str:
    depth = chance.choice((5, 20, 40, 200, 600, 20_000))
    return "{ latest { " + "author { reviews { " * depth + "id" + " } }" * depth + " } }"


def _deep_value(chance: random.Random) -> str:
    depth = chance.choice((5, 60, 400, 600, 20_000))
    opening, closing = chance.choice((("[", "]"), ("{a: ", "}")))
    return "{ echo(value: " + opening * depth + "1" + closing * depth + ") }"


def _deep_filter(chance: random.Random) -> str:
    depth = chance.choice((2, 20, 200))
    return "{ books(filter: " + "{and: " * depth + "{}" + "}" * depth + ") { id } }"


def _deep_type(chance: random.Random) -> str:
    depth = chance.choice((2, 50, 400, 5_000))
    return f"query ($x: {'[' * depth}Int{']' * depth}) {{ echo(value: $x) }}"


def _aliases(chance: random.Random) -> str:
    count = chance.choice((20, 199, 201, 1_000))
    return "{ book(id: 1) { " + " ".join(f"a{n}: {chance.choice(('id', 'title'))}" for n in range(count)) + " } }"


def _roots(chance: random.Random) -> str:
    count = chance.choice((10, 50, 51, 500))
    return "{ " + " ".join(f"a{n}: book(id: {n}) {{ id rating }}" for n in range(count)) + " }"


def _conflicts(chance: random.Random) -> str:
    count = chance.choice((2, 90, 750))
    return "{ book(id: 1) { " + "x: id x: title " * count + "} }"


def _same(chance: random.Random) -> str:
    return "{ book(id: 1) { " + "title " * chance.choice((10, 1_000, 4_000)) + "} }"


def _nested_same(chance: random.Random) -> str:
    count = chance.choice((5, 30, 100))
    return "{ " + "latest { author { reviews { author { name } } } } " * count + "}"


def _directives(chance: random.Random) -> str:
    name = chance.choice(("include(if: true)", "skip(if: false)", "nothing", "defer"))
    return "{ failing" + f" @{name}" * chance.choice((2, 20, 500, 2_400)) + " }"


def _variables(chance: random.Random) -> str:
    count = chance.choice((10, 500, 3_000))
    same = chance.random() < 0.5
    return "query (" + " ".join(f"$a{0 if same else n}: Int" for n in range(count)) + ") { failing }"


def _values(chance: random.Random) -> str:
    return "{ echo(value: [" + "1 " * chance.choice((10, 1_000, 12_000)) + "]) }"


def _objects(chance: random.Random) -> str:
    count = chance.choice((10, 1_000, 3_000))
    same = chance.random() < 0.5
    return "{ echo(value: {" + " ".join(f"k{0 if same else n}: {n}" for n in range(count)) + "}) }"


def _schema_again(chance: random.Random) -> str:
    depth = chance.choice((1, 2, 3, 10))
    return "{ __schema { types { " + "fields { type { " * depth + "name" + " } }" * depth + " } } }"


def _operations(chance: random.Random) -> str:
    return " ".join(f"query q{n} {{ failing }}" for n in range(chance.choice((2, 99, 101, 2_000))))


def _long(chance: random.Random) -> str:
    size = chance.choice((1_000, 20_000, 249_000, 300_000, 1_900_000))
    text = chance.choice(("x", "é", " ", ",", "#", "\n", "\ufeff"))
    return chance.choice(("{ %s", "{ %s }", '{ echo(name: "%s") }', "# %s\n{ failing }", '"""%s""" { failing }')) % (
        text * (size // len(text.encode()))
    )


def _labels(chance: random.Random) -> str:
    count = chance.choice((2, 20, 100))
    parts = " ".join(f'... @defer(label: "l{chance.randrange(count)}") {{ a{n}: rating }}' for n in range(count))
    return f"{{ books {{ id {parts} }} }}"


def _nested_defer(chance: random.Random) -> str:
    depth = chance.choice((2, 8, 15))
    return "{ latest { " + "... @defer { author { reviews { " * depth + "id" + " } } }" * depth + " } }"


HOSTILE: Final[Mapping[str, Callable[[random.Random], str]]] = {
    make.__name__.removeprefix("_"): make
    for make in (
        *(_doubling, _circle, _wheel, _chain, _deep, _deep_value, _deep_filter, _deep_type, _aliases, _roots),
        *(_conflicts, _same, _nested_same, _directives, _variables, _values, _objects, _schema_again, _operations),
        *(_long, _labels, _nested_defer),
    )
}
