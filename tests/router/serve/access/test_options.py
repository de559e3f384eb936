"""The command line says whose tokens are accepted."""

from pathlib import Path

import pytest

from router.serve import Refused
from router.serve.commands import authentication_of
from tests.router.serve.access.issuing import AUDIENCE, ISSUER, Issuer
from tests.router.serve.config.configured import configured


async def test_tokens_are_verified_and_headers_forwarded(tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    file.write_bytes(await issuer.load())
    given = configured(
        "--forward",
        "x-locale",
        "--jwks",
        str(file),
        "--issuer",
        ISSUER,
        "--audience",
        AUDIENCE,
        "--tenant-claim",
        "org",
    )
    headers = {"authorization": f"Bearer {issuer.token()}", "x-locale": "de"}
    context = await authentication_of(given.access)(headers, None)
    assert context.identity is not None
    assert context.identity.tenant == "acme"
    assert context.headers == {"x-locale": "de"}


async def test_a_token_may_be_required(tmp_path: Path) -> None:
    given = configured("--jwks", str(tmp_path), "--issuer", ISSUER, "--audience", AUDIENCE, "--require-token")
    with pytest.raises(Refused, match="required"):
        await authentication_of(given.access)({}, None)


async def test_without_options_everybody_is_let_in() -> None:
    context = await authentication_of(configured().access)({"authorization": "x"}, None)
    assert (context.identity, context.headers) == (None, {"authorization": "x"})
