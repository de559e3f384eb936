"""Tags are made of formats and values; what cannot be made is no tag."""

from typing import Any

import pytest

from router.serve.caching.tags import InvalidFormat, NoTag, TagFormat, tags_of


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("products", {}, "products"),
        ("product-{$key.id}", {"id": "7"}, "product-7"),
        ("{$key.shop.id}/{$key.n}", {"shop": {"id": "s"}, "n": 3}, "s/3"),
        ("f-{$args.flag}", {"flag": True}, "f-true"),
        ("f-{$args.x}", {"x": 1.5}, "f-1.5"),
    ],
)
def test_a_format_gives_a_tag(text: str, values: dict[str, Any], expected: str) -> None:
    assert TagFormat.parse(text).tag(values) == expected


@pytest.mark.parametrize(
    "values", [{}, {"id": None}, {"id": []}, {"id": {"x": 1}}, {"id": "x" * 1_000}], ids=lambda each: str(each)[:20]
)
def test_what_has_no_such_value_has_no_tag(values: dict[str, Any]) -> None:
    with pytest.raises(NoTag):
        tags_of([TagFormat.parse("all"), TagFormat.parse("x-{$key.id}")], values)


@pytest.mark.parametrize("text", ["{id}", "{$key}", "{$context.x}", "x-{$key.id", "x}", "{$key.a}{$args.b}"])
def test_anything_else_is_no_format(text: str) -> None:
    with pytest.raises(InvalidFormat):
        TagFormat.parse(text)
