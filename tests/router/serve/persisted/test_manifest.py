"""Trusted documents are read from the files that clients' builds write."""

import json
from pathlib import Path
from typing import Any

import pytest

from router.serve.persisted import ManifestError, read_manifests

APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": "a1", "name": "Who", "type": "query", "body": "query Who { whoami }"},
        {"id": "a2", "name": "Slow", "type": "query", "body": "query Slow { slow }"},
    ],
}
RELAY = {"md5": "query Books { books { id } }"}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(content: Any, name: str = "manifest.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_both_formats_are_read_and_joined(write: Any) -> None:
    documents = read_manifests([write(APOLLO, "apollo.json"), write(RELAY, "relay.json")])
    assert documents == {"a1": "query Who { whoami }", "a2": "query Slow { slow }", "md5": RELAY["md5"]}


def test_the_same_document_may_stand_in_two_files(write: Any) -> None:
    assert read_manifests([write(RELAY, "one.json"), write(RELAY, "two.json")]) == RELAY


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "no JSON"),
        ([], "must hold a JSON object"),
        ({"a": 1}, "without an id or a text: 'a'"),
        ({"": "{a}"}, "without an id or a text"),
        ({**APOLLO, "version": 2}, "another version than 1"),
        ({**APOLLO, "operations": {}}, "no list of operations"),
        ({**APOLLO, "operations": ["x"]}, "an operation that is no object"),
        ({**APOLLO, "operations": [{"id": "a"}]}, "without an id or a text: 'a'"),
        ({**APOLLO, "operations": [{"id": "a", "body": "{a}"}, {"id": "a", "body": "{b}"}]}, "to two documents"),
    ],
)
def test_what_is_no_manifest_is_refused(write: Any, content: Any, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem):
        read_manifests([write(content)])


def test_an_id_names_one_document(write: Any) -> None:
    with pytest.raises(ManifestError, match="to another document"):
        read_manifests([write(RELAY, "one.json"), write({"md5": "{ whoami }"}, "two.json")])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"Cannot read .*missing\.json"):
        read_manifests([tmp_path / "missing.json"])
