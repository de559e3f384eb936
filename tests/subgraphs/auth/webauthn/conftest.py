"""People who are signed in, and their passkeys."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from tests.subgraphs.auth.api_tokens.conftest import SignedIn, signed_in
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.webauthn.authenticator import Authenticator

__all__ = ["SignedIn", "signed_in"]

START = """mutation ($input: StartPasskeyRegistrationInput!) {
  startPasskeyRegistration(input: $input) { ceremony { challengeId options } userErrors { code } }
}"""
FINISH = """mutation ($input: FinishPasskeyRegistrationInput!) {
  finishPasskeyRegistration(input: $input) {
    passkey { id name signsInAlone synced lastUsedAt suspectedAt }
    userErrors { code }
  }
}"""

Register: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]
Begin: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def begin(ask: Ask) -> Begin:
    """A ceremony that makes a passkey."""

    async def start(token: str, **changes: Any) -> dict[str, Any]:
        answer = await ask(START, {"input": changes}, token=token)
        return answer["data"]["startPasskeyRegistration"]["ceremony"]

    return start


@pytest.fixture
def register(ask: Ask, begin: Begin) -> Register:
    """What comes of adding an authenticator."""

    async def add(token: str, authenticator: Authenticator, **changes: Any) -> dict[str, Any]:
        ceremony = await begin(token)
        given = {"challengeId": ceremony["challengeId"], "credential": authenticator.create(ceremony["options"])}
        answer = await ask(FINISH, {"input": given | changes}, token=token)
        return answer["data"]["finishPasskeyRegistration"]

    return add
