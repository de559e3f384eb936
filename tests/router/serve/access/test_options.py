"""The command line says whose tokens are accepted."""

import argparse
from pathlib import Path

import pytest

from router.__main__ import main
from router.serve import Refused
from router.serve.access.enforcement import Access
from router.serve.access.options import AccessError, access_of, add_access_options, authentication_of
from tests.router.serve.access.issuing import AUDIENCE, ISSUER, Issuer


def parsed(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_access_options(parser)
    return parser.parse_args(given)


async def test_tokens_are_verified_and_headers_forwarded(tmp_path: Path) -> None:
    issuer, file = Issuer(), tmp_path / "jwks.json"
    file.write_bytes(await issuer.load())
    given = parsed("--jwks", str(file), "--issuer", ISSUER, "--audience", AUDIENCE, "--tenant-claim", "org")
    headers = {"authorization": f"Bearer {issuer.token()}", "x-locale": "de"}
    context = await authentication_of(given, ("x-locale",))(headers, None)
    assert context.identity is not None
    assert context.identity.tenant == "acme"
    assert context.headers == {"x-locale": "de"}


async def test_a_token_may_be_required(tmp_path: Path) -> None:
    given = parsed("--jwks", str(tmp_path), "--issuer", ISSUER, "--audience", AUDIENCE, "--require-token")
    with pytest.raises(Refused, match="required"):
        await authentication_of(given, ())({}, None)


async def test_without_options_everybody_is_let_in() -> None:
    context = await authentication_of(parsed(), ("authorization",))({"authorization": "x"}, None)
    assert (context.identity, context.headers) == (None, {"authorization": "x"})
    assert access_of(parsed()) == Access()
    assert access_of(parsed("--reject-unauthorized")).reject


@pytest.mark.parametrize(
    "given",
    [
        ("--require-token",),
        ("--issuer", ISSUER),
        ("--jwks", "f"),
        ("--jwks", "f", "--issuer", ISSUER),
        ("--jwks", "f", "--issuer", ISSUER, "--audience", "a", "--algorithm", "none"),
    ],
)
def test_half_a_configuration_is_refused(given: tuple[str, ...]) -> None:
    with pytest.raises(AccessError):
        authentication_of(parsed(*given), ())


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "subgraphs.json"
    path.write_text('[{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}]')
    assert main(["serve", "--subgraphs", str(path), "--require-token"]) == 1
    assert "--jwks" in capsys.readouterr().err
