"""A page of another site gets nothing by making a browser ask, and programs and our own pages notice nothing of it."""

import pytest

from router.serve import Refused
from router.serve.http.config import Cors, CrossSite
from router.serve.http.cross_site import CrossSiteCheck

STUDIO = "https://studio.example"


def passes(headers: dict[str, str], policy: CrossSite | None = None, cors: Cors | None = None) -> bool:
    try:
        CrossSiteCheck(policy or CrossSite(), cors).check_get(headers)
    except Refused as refused:
        return (refused.status, refused.errors[0]["extensions"]["code"]) != (400, "CSRF_PREVENTION")
    return True


class TestGet:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"authorization": "Bearer x"},
            {"sec-fetch-mode": "cors"},
            {"sec-fetch-site": "same-origin", "cookie": "a=b"},
            {"sec-fetch-site": "none", "cookie": "a=b"},
            {"sec-fetch-site": "cross-site", "apollo-require-preflight": "1"},
            {"sec-fetch-site": "cross-site", "x-apollo-operation-name": "Books"},
            {"sec-fetch-site": "cross-site", "content-type": "application/json"},
        ],
    )
    def test_programs_own_pages_and_who_was_asked_for_first_are_answered(self, headers: dict[str, str]) -> None:
        assert passes(headers)

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"sec-fetch-site": ""},
            {"sec-fetch-site": "cross-site", "apollo-require-preflight": ""},
            {"origin": STUDIO},
            {"origin": "null"},
            {"cookie": "a=b"},
        ],
    )
    def test_what_another_site_may_be_behind_is_refused(self, headers: dict[str, str]) -> None:
        assert not passes(headers)

    def test_a_site_that_is_let_in_by_name_is_answered(self) -> None:
        headers = {"sec-fetch-site": "cross-site", "origin": STUDIO}
        assert passes(headers, cors=Cors(origins=(STUDIO,)))
        assert passes(headers, cors=Cors(origin_pattern=r"https://[a-z]+\.example"))
        assert not passes(headers, cors=Cors(origins=("*",)))
        assert not passes(headers, cors=Cors(origin_pattern=r"https://[a-z]+\.exam"))

    def test_strictly_every_get_has_to_be_asked_for(self) -> None:
        strict = CrossSite(strict=True)
        assert not passes({}, strict)
        assert not passes({"sec-fetch-site": "same-origin"}, strict)
        assert passes({"apollo-require-preflight": "1"}, strict)

    def test_the_headers_may_be_others(self) -> None:
        policy = CrossSite(headers=("X-Studio",), strict=True)
        assert passes({"x-studio": "1"}, policy)
        assert not passes({"apollo-require-preflight": "1"}, policy)

    def test_without_a_policy_everything_passes(self) -> None:
        CrossSiteCheck(None, None).check_get({"sec-fetch-site": "cross-site"})
        CrossSiteCheck(None, None).check_form({})


class TestForms:
    @pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "same-origin"}, {"apollo-require-preflight": ""}])
    def test_a_form_is_always_asked_for_first(self, headers: dict[str, str]) -> None:
        with pytest.raises(Refused):
            CrossSiteCheck(CrossSite(), None).check_form(headers)

    def test_one_of_the_headers_is_enough(self) -> None:
        CrossSiteCheck(CrossSite(), None).check_form({"x-apollo-operation-name": "Upload"})


class TestSockets:
    @staticmethod
    def opens(cors: Cors | None = None, **headers: str) -> bool:
        given = {"host": "router.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            CrossSiteCheck(CrossSite(), cors).check_socket(given)
        except Refused as refused:
            return refused.status != 403
        return True

    def test_programs_and_who_brings_no_cookies_may_open_them(self) -> None:
        assert self.opens()
        assert self.opens(cookie="a=b")
        assert self.opens(origin=STUDIO)

    def test_our_own_pages_may(self) -> None:
        assert self.opens(origin="https://router.example", cookie="a=b")
        assert self.opens(origin=STUDIO, cookie="a=b", sec_fetch_site="same-origin")

    def test_sites_that_are_named_may(self) -> None:
        assert self.opens(Cors(origins=(STUDIO,)), origin=STUDIO, cookie="a=b")
        assert not self.opens(Cors(origins=("*",)), origin=STUDIO, cookie="a=b")

    @pytest.mark.parametrize("origin", [STUDIO, "null", "https://router.example.evil", "router.example"])
    def test_others_may_not_with_cookies(self, origin: str) -> None:
        assert not self.opens(origin=origin, cookie="a=b")


class TestCors:
    def test_all_sites_with_credentials_are_no_policy(self) -> None:
        with pytest.raises(ValueError, match="Name the origins"):
            Cors(origins=("*",), credentials=True)

    def test_a_pattern_has_to_be_one(self) -> None:
        with pytest.raises(ValueError, match="no regular expression"):
            Cors(origin_pattern="(")
