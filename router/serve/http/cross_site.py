"""Requests that a page of another site could make a browser send, without the browser asking first.

Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch and https://www.w3.org/TR/fetch-metadata/
"""

from collections.abc import Mapping
from http import HTTPStatus

from router.serve.errors import Refused
from router.serve.http.config import Cors, CrossSite

CSRF = "CSRF_PREVENTION"

OWN_SITE = frozenset({"same-origin", "none"})
"""`Sec-Fetch-Site` of a page of the router's own, and of an address that the user gave."""


class CrossSiteCheck:
    """Refuses what another site may be behind."""

    def __init__(self, policy: CrossSite | None, cors: Cors | None) -> None:
        self._policy = policy
        self._cors = cors
        self._names = tuple(name.lower() for name in policy.headers) if policy is not None else ()

    def check_get(self, headers: Mapping[str, str]) -> None:
        """Let a GET pass; `headers` have a `content-type` only if it is JSON's.

        Raises:
            Refused: another site's page may have made it, without having been let in.
        """
        if self._policy is None or "content-type" in headers or self._asked_for(headers):
            return
        if self._policy.strict or not self._own(headers):
            raise self._refusal()

    def check_form(self, headers: Mapping[str, str]) -> None:
        """Let a form pass.

        Raises:
            Refused: another site's page may have sent it.
        """
        if self._policy is not None and not self._asked_for(headers):
            raise self._refusal()

    def check_socket(self, headers: Mapping[str, str]) -> None:
        """Let a WebSocket open, which a browser asks nobody for and sends its cookies with.

        Raises:
            Refused: another site's page opens it without having been let in, and cookies may say who its visitor is.
        """
        if self._policy is None or "origin" not in headers or "cookie" not in headers or self._own(headers):
            return
        if headers["origin"].partition("://")[2] != headers.get("host"):
            raise Refused.because("Another site's page has opened this.", CSRF, HTTPStatus.FORBIDDEN)

    def _asked_for(self, headers: Mapping[str, str]) -> bool:
        return any(headers.get(name) for name in self._names)

    def _own(self, headers: Mapping[str, str]) -> bool:
        """Whether the browser names no other site, or one that is let in; programs name none."""
        origin = headers.get("origin")
        if origin is not None and self._cors is not None and self._cors.names(origin):
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in OWN_SITE
        return origin is None and "cookie" not in headers

    def _refusal(self) -> Refused:
        message = f"Another site's page may have sent this. Send one of the headers {', '.join(self._names)}."
        return Refused.because(message, CSRF, HTTPStatus.BAD_REQUEST)
