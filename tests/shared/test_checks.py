"""What clients send, in the form it is kept, or refused."""

import pytest

from shared import checks
from shared.errors import BadUserInput, parse_id, parse_ids
from shared.ids import uuid7


class TestEmailAddress:
    def test_is_kept_in_lower_case(self) -> None:
        assert checks.email_address(" Ada@Example.ORG ") == "ada@example.org"

    @pytest.mark.parametrize(
        "value",
        ["", "ada", "ada@", "@x.org", "a b@x.org", "a@x", "a@x..org", "a@x.org\0", "<script>@x.org", "a,b@x.org"],
    )
    def test_refuses_what_is_none(self, value: str) -> None:
        with pytest.raises(BadUserInput, match="not an e-mail address"):
            checks.email_address(value)

    @pytest.mark.parametrize("value", ["a+b@x.org", "o'brien@x.co.uk", "zoë@exämple.org", "a@x-1.org"])
    def test_takes_what_people_have(self, value: str) -> None:
        assert checks.email_address(value) == value

    def test_refuses_one_too_long_for_its_length(self) -> None:
        with pytest.raises(BadUserInput, match="at most 254 characters"):
            checks.email_address("a" * 255 + "@x.org")


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

    @pytest.mark.parametrize("value", ["", "   ", "x" * 201])
    def test_refuses_nothing_and_too_much(self, value: str) -> None:
        with pytest.raises(BadUserInput, match="1 to 200 characters"):
            checks.text(value, field="name")

    @pytest.mark.parametrize(
        "hidden", ["\0", "\n", "\x1b", "\x7f", "\ud800", "\u2028", "\u202e", "\u2067", "\u200b", "\ufeff"]
    )
    def test_refuses_what_cannot_be_seen(self, hidden: str) -> None:
        with pytest.raises(BadUserInput, match="cannot be seen"):
            checks.text(f"a{hidden}b", field="name")

    @pytest.mark.parametrize("value", ["Nguyễn Văn A", "محمد", "क\u094d\u200dष", "👩\u200d🏫", "O'Brien-Smith (2)"])
    def test_takes_the_names_of_the_world(self, value: str) -> None:
        assert checks.text(value, field="name") == value

    def test_takes_lines_where_they_are_wanted(self) -> None:
        assert checks.text("a\n\tb", field="summary", lines=True) == "a\n\tb"
        with pytest.raises(BadUserInput):
            checks.text("a\0b", field="summary", lines=True)


class TestLookup:
    def test_gives_back_what_can_be_kept(self) -> None:
        assert checks.lookup("algebra") == "algebra"

    @pytest.mark.parametrize("value", ["", "a\0b", "\ud800", "a" * 255])
    def test_finds_nothing_under_what_cannot(self, value: str) -> None:
        assert checks.lookup(value) is None


class TestParseId:
    def test_reads_an_identifier(self) -> None:
        made = uuid7()
        assert parse_id(str(made)) == made

    @pytest.mark.parametrize("value", ["", "7", "x" * 36, "' OR 1=1"])
    def test_refuses_what_is_none(self, value: str) -> None:
        with pytest.raises(BadUserInput):
            parse_id(value)

    @pytest.mark.parametrize("spelled", ["{{{0}}}", "urn:uuid:{0}", " {0}"])
    def test_refuses_other_spellings(self, spelled: str) -> None:
        with pytest.raises(BadUserInput):
            parse_id(spelled.format(uuid7()))

    def test_refuses_other_letters_and_no_hyphens(self) -> None:
        for value in ("0192F3C0-7B7C-7000-8000-0000000000AB", uuid7().hex):
            with pytest.raises(BadUserInput):
                parse_id(value)

    def test_tells_the_place_of_a_bad_one_in_a_list(self) -> None:
        with pytest.raises(BadUserInput) as refusal:
            parse_ids([str(uuid7()), "7"], field="itemIds")
        assert refusal.value.extensions == {"field": "itemIds.1"}
