"""What a GraphQL response may look like, read from the specification alone.

Sources: https://spec.graphql.org/draft/#sec-Response-Format, https://specs.apollo.dev/incremental/v0.2/
"""

import json
from typing import Any, Final, NoReturn, cast

INTERNAL: Final = "INTERNAL_SERVER_ERROR"
SECRET: Final = "secret"
"""What stands in the traces of subgraphs, and nowhere else."""

LARGEST_REFUSAL: Final = 20_000
"""Bytes of an answer without data."""

Problem = str | None
"""What is wrong, if anything is."""


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def decoded(body: bytes) -> Any:
    """What strict JSON in UTF-8 says.

    Raises:
        ValueError: it is none.
    """
    return json.loads(body.decode("utf-8", "strict"), parse_constant=_refuse)


def response_problem(value: Any) -> Problem:
    """Of a whole response."""
    if not isinstance(value, dict):
        return "the response is no object"
    response = cast("dict[str, Any]", value)
    if response.keys() - {"data", "errors", "extensions"}:
        return f"the response has {sorted(response.keys() - {'data', 'errors', 'extensions'})}"
    if "data" not in response and "errors" not in response:
        return "the response has neither data nor errors"
    if response.get("data", {}) is None and "errors" not in response:
        return "the data are null for no reason"
    return contents_problem(response)


def contents_problem(response: dict[str, Any]) -> Problem:
    """Of those parts of a response that it has."""
    if "data" in response and not isinstance(response["data"], dict | None):
        return "the data are no object"
    if "extensions" in response and not isinstance(response["extensions"], dict):
        return "the extensions are no object"
    return errors_problem(response["errors"]) if "errors" in response else None


def errors_problem(errors: Any) -> Problem:
    """Of a list of errors."""
    if not isinstance(errors, list) or not errors:
        return "errors are no list with something in it"
    return next((found for each in cast("list[Any]", errors) if (found := _error_problem(each))), None)


def _error_problem(error: Any) -> Problem:
    if not isinstance(error, dict):
        return "an error is no object"
    given = cast("dict[str, Any]", error)
    if given.keys() - {"message", "locations", "path", "extensions"}:
        return f"an error has {sorted(given)}"
    if not isinstance(given.get("message"), str) or not given["message"]:
        return "an error has no message"
    if not all(isinstance(each, str | int) and each is not True for each in given.get("path", [])):
        return f"an error has the path {given['path']}"
    return _details_problem(given)


def _details_problem(given: dict[str, Any]) -> Problem:
    if not all(_is_location(each) for each in given.get("locations", [{"line": 1, "column": 1}])):
        return f"an error has the locations {given['locations']}"
    code = given.get("extensions", {}).get("code")
    if not isinstance(code, str) or not code:
        return f"an error has no code: {given['message']}"
    return f"a bug: {given}" if code == INTERNAL else None


def _is_location(location: Any) -> bool:
    return isinstance(location, dict) and all(
        isinstance(cast("Any", location).get(name), int) and cast("Any", location)[name] > 0
        for name in ("line", "column")
    )


class Incremental:
    """Follows an answer that comes in parts, in the format that names what is pending."""

    def __init__(self) -> None:
        self._pending: set[str] = set()
        self._announced: set[str] = set()
        self._begun = False
        self._ended = False

    def problem(self, part: Any) -> Problem:
        """Of the next part."""
        if self._ended:
            return "a part follows the last one"
        if not isinstance(part, dict) or ("hasNext" not in part and self._begun):
            return "a part does not say whether it is the last one"
        given = cast("dict[str, Any]", part)
        if not self._begun and "data" not in given and "errors" not in given:
            return "the first part has no response"
        self._begun = True
        self._ended = given.get("hasNext") is not True
        for each in given.get("pending", ()):
            if each["id"] in self._announced:
                return f"{each['id']} is announced twice"
            self._announced.add(each["id"])
            self._pending.add(each["id"])
        return self._steps_problem(given) or contents_problem(given)

    def end_problem(self) -> Problem:
        """When nothing more comes."""
        if not self._ended:
            return "the last part is not marked so"
        return f"{sorted(self._pending)} are never completed" if self._pending else None

    def _steps_problem(self, part: dict[str, Any]) -> Problem:
        for each in part.get("incremental", ()):
            if each["id"] not in self._pending:
                return f"there is more of {each['id']}, which is not pending"
            if not isinstance(each.get("data"), dict):
                return "there is more, which is no object"
        for each in part.get("completed", ()):
            if each["id"] not in self._pending:
                return f"{each['id']} is completed and not pending"
            self._pending.discard(each["id"])
            if "errors" in each and (found := errors_problem(each["errors"])):
                return found
        return None


class Incremental2022:
    """Follows an answer that comes in parts, in the format of 2022."""

    def __init__(self) -> None:
        self._begun = False
        self._ended = False

    def problem(self, part: Any) -> Problem:
        """Of the next part."""
        if self._ended:
            return "a part follows the last one"
        if not isinstance(part, dict):
            return "a part is no object"
        given = cast("dict[str, Any]", part)
        if not self._begun and "data" not in given and "errors" not in given:
            return "the first part has no response"
        if self._begun and "data" in given:
            return "a later part has a response of its own"
        self._begun = True
        self._ended = given.get("hasNext") is not True
        return self._steps_problem(given) or contents_problem(given)

    def _steps_problem(self, given: dict[str, Any]) -> Problem:
        for each in given.get("incremental", ()):
            if not isinstance(each.get("path"), list):
                return "there is more, and not said of what"
            if found := contents_problem({name: each[name] for name in ("data", "errors") if name in each}):
                return found
        return None

    def end_problem(self) -> Problem:
        """When nothing more comes."""
        return None if self._ended else "the last part is not marked so"
