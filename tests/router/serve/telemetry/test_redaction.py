"""Secrets are taken out of texts, and what is none stays."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.serve.telemetry.redaction import redacted, without_values

SECRET = "c4n4ry7"
TEXTS = [
    f"postgres://app:{SECRET}@db:5432/x failed",
    f"GET https://api.example/v1?key={SECRET}&x=1 failed",
    f"authorization: Bearer {SECRET}.abc-def",
    f"Basic {SECRET}==",
    f"token eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET} is not valid",
    f"password={SECRET}",
    f"user_password = '{SECRET} with spaces'",
    f'{{"client_secret": "{SECRET}"}}',
    f"Set-Cookie: {SECRET}",
    f"x-api-key: {SECRET}",
    f"mail to {SECRET}@example.org bounced",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
    f"got {SECRET}{'a' * 40}",
    f"{'x' * 200}_token-{'y' * 200}={SECRET}",
    f"for-eyJhbGciOiJIUzI1NiJ9.{SECRET}",
]
HARMLESS = [
    "Subgraph books did not answer in time.",
    "Internal error 4f9b7c1e-2d57-4a3c-9f63-51c2a5a7d9aa",
    "https://books.example:443/graphql answered 503",
    "12 tokens were read; the limit is 10.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_is_taken_out(text: str) -> None:
    assert SECRET not in redacted(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_values_in_quotation_marks_are_taken_out_of_what_others_have_written() -> None:
    assert without_values(f"""no user '{SECRET}' or "{SECRET}" (id '7""") == "no user '…' or '…' (id '…'"


def test_values_are_taken_out_where_a_text_was_cut() -> None:
    assert without_values(f"no user '{SECRET}\\") == "no user '…'"


@pytest.mark.parametrize(
    "unit", ["token", "token-", "eyJ-", "eyJ-.", "a://", "a://a?", "+a", "a@a.", "token:'", "Basic "]
)
def test_the_work_is_linear_in_the_text(unit: str) -> None:
    def seconds(characters: int) -> float:
        begun = process_time()
        redacted((unit * characters)[:characters])
        return process_time() - begun

    least = max(min(seconds(8_000) for _ in range(3)), 0.001)
    assert any(seconds(64_000) < 40 * least for _ in range(3))


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_can_be_redacted_twice(text: str) -> None:
    once = redacted(text)
    assert redacted(once).count(SECRET) == 0
    assert len(once) <= len(text) + 11 * 300
