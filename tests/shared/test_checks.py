"""What clients send, in the form it is kept, or refused."""

import pytest

from shared import checks
from shared.errors import BadUserInput, parse_id
from shared.ids import uuid7


class TestEmailAddress:
    def test_is_kept_in_lower_case(self) -> None:
        assert checks.email_address(" Ada@Example.ORG ") == "ada@example.org"

    @pytest.mark.parametrize(
        "value", ["", "ada", "ada@", "@x.org", "a b@x.org", "a@x", "a@x..org", "a@x.org\0", "a" * 255 + "@x.org"]
    )
    def test_refuses_what_is_none(self, value: str) -> None:
        with pytest.raises(BadUserInput):
            checks.email_address(value)


class TestSlug:
    def test_takes_letters_digits_and_hyphens(self) -> None:
        assert checks.slug("north-2-south") == "north-2-south"

    @pytest.mark.parametrize("value", ["", "-a", "a-", "a--b", "Ä", "A", "a b", "a" * 64, "a\n"])
    def test_refuses_the_rest(self, value: str) -> None:
        with pytest.raises(BadUserInput):
            checks.slug(value)


class TestText:
    def test_loses_the_spaces_around_it(self) -> None:
        assert checks.text("  Ada Lovelace ", field="name") == "Ada Lovelace"

    @pytest.mark.parametrize("value", ["", "   ", "x" * 201, "a\0b"])
    def test_refuses_nothing_and_too_much(self, value: str) -> None:
        with pytest.raises(BadUserInput):
            checks.text(value, field="name")


class TestParseId:
    def test_reads_an_identifier(self) -> None:
        made = uuid7()
        assert parse_id(str(made)) == made

    @pytest.mark.parametrize("value", ["", "7", "x" * 36, "' OR 1=1"])
    def test_refuses_what_is_none(self, value: str) -> None:
        with pytest.raises(BadUserInput):
            parse_id(value)
