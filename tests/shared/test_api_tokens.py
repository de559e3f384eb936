"""API tokens as text: which are made by us, and of which tenant they claim to be."""

import pytest

from shared import api_tokens
from shared.caller import TenantId
from shared.ids import uuid7


class TestTokens:
    def test_name_their_tenant(self) -> None:
        tenant_id = TenantId(uuid7())
        token = api_tokens.generate(tenant_id)
        assert token.startswith("stud_")
        assert len(token) == api_tokens.LENGTH
        assert api_tokens.tenant_of(token) == tenant_id

    def test_of_one_tenant_differ(self) -> None:
        tenant_id = TenantId(uuid7())
        assert len({api_tokens.generate(tenant_id) for _ in range(100)}) == 100

    def test_can_be_copied_with_a_double_click(self) -> None:
        token = api_tokens.generate(TenantId(uuid7()))
        assert token.replace("_", "").isalnum()
        assert token.isascii()

    def test_with_any_character_changed_are_nobodys(self) -> None:
        token = api_tokens.generate(TenantId(uuid7()))
        for place in range(len(token)):
            other = "1" if token[place] == "0" else "0"
            assert api_tokens.tenant_of(token[:place] + other + token[place + 1 :]) is None

    @pytest.mark.parametrize("text", ["", "stud_", "stud_" + "Z" * 70, "stud_" + "-" * 70, "stud_" + "\ud800" * 70])
    def test_are_nothing_else(self, text: str) -> None:
        assert api_tokens.tenant_of(text) is None
        assert len(api_tokens.digest(text)) == 32

    def test_without_their_prefix_are_none(self) -> None:
        token = api_tokens.generate(TenantId(uuid7()))
        assert api_tokens.tenant_of(token.removeprefix("stud_")) is None
        assert api_tokens.tenant_of(token + "0") is None
