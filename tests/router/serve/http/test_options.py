"""Options of `serve` make policies, and the defaults are those of the library."""

import argparse
from pathlib import Path

import pytest

from router.__main__ import main
from router.serve.http.config import Compression, Cors, CrossSite, HttpPolicy, PolicyError, Uploads
from router.serve.http.options import add_http_options, http_of
from router.serve.persisted import ManifestError
from router.serve.persisted.options import add_persisted_options, persisted_of


def policy(*given: str) -> HttpPolicy:
    parser = argparse.ArgumentParser()
    add_http_options(parser)
    return http_of(parser.parse_args(given))


def persist(*given: str) -> None:
    parser = argparse.ArgumentParser()
    add_persisted_options(parser)
    persisted_of(parser.parse_args(given))


def test_without_options_it_is_the_usual_policy() -> None:
    assert policy() == HttpPolicy()


def test_each_option_changes_what_it_says() -> None:
    found = policy(
        *("--cors-origin", "https://a.example", "--cors-origin", "https://b.example", "--cors-credentials"),
        *("--csrf-prevention", "strict", "--allowed-host", "api.example", "--no-compression"),
        *("--batch", "5", "--uploads"),
    )
    assert found == HttpPolicy(
        cross_site=CrossSite(strict=True),
        cors=Cors(("https://a.example", "https://b.example"), credentials=True),
        compression=None,
        hosts=("api.example",),
        batch=5,
        uploads=Uploads(),
    )


def test_prevention_can_be_off_and_all_hosts_ours() -> None:
    assert policy("--csrf-prevention", "off", "--allowed-host", "*") == HttpPolicy(
        cross_site=None, compression=Compression()
    )


@pytest.mark.parametrize("given", [["--cors-credentials"], ["--cors-origin", "*", "--cors-credentials"]])
def test_cookies_of_everybody_are_nobodys(given: list[str]) -> None:
    with pytest.raises(PolicyError):
        policy(*given)


def test_a_safelist_needs_documents(tmp_path: Path) -> None:
    (tmp_path / "relay.json").write_text('{"a": "{ a }"}')
    persist("--safelist", "ids", "--persisted", str(tmp_path / "relay.json"))
    with pytest.raises(ManifestError, match="--persisted"):
        persist("--safelist", "ids")


@pytest.mark.parametrize("given", [["--cors-origin", "*", "--cors-credentials"], ["--persisted", "missing.json"]])
def test_the_command_says_what_is_wrong(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subgraphs = tmp_path / "subgraphs.json"
    subgraphs.write_text('[{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}]')
    assert main(["serve", "--subgraphs", str(subgraphs), *given]) == 1
    assert capsys.readouterr().err.count("\n") == 1
