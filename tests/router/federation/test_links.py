"""What a schema calls the elements it links to, and where its names come from."""

import pytest

from router.federation.errors import ErrorCode, FederationError
from router.federation.features import FEATURES, FEDERATION, LATEST
from router.federation.links import Import, Link, Links, Origin
from router.federation.urls import FeatureUrl
from router.federation.versions import Version

URL = FeatureUrl(FEDERATION, "federation", Version(2, 3))
LINK = Link(URL, "fed", (Import("@key", "@entity"), Import("FieldSet", "Fields")))


class TestLink:
    def test_imported_elements_have_the_names_they_are_imported_by(self) -> None:
        assert (LINK.directive_name("key"), LINK.type_name("FieldSet")) == ("entity", "Fields")

    def test_others_have_their_own_in_the_namespace(self) -> None:
        assert (LINK.directive_name("tag"), LINK.type_name("Scope")) == ("fed__tag", "fed__Scope")

    def test_the_directive_that_is_called_as_its_feature_has_no_prefix(self) -> None:
        link = Link(FeatureUrl("https://specs.apollo.dev/tag", "tag", Version(0, 3)), "label")
        assert link.directive_name("tag") == "label"


class TestLinks:
    links = Links.of([LINK])

    def test_a_name_leads_back_to_the_feature(self) -> None:
        assert self.links.directive("entity") == Origin(LINK, "key")
        assert self.links.directive("fed__tag") == Origin(LINK, "tag")
        assert self.links.type("Fields") == Origin(LINK, "FieldSet")

    def test_an_imported_element_has_left_its_namespaced_name(self) -> None:
        assert self.links.directive("fed__key") is None

    def test_other_names_are_the_schemas_own(self) -> None:
        assert self.links.directive("key") is None
        assert self.links.type("Book") is None


class TestFeatureUrl:
    def test_the_version_is_no_part_of_the_identity(self) -> None:
        assert FeatureUrl.parse("https://specs.apollo.dev/federation/v2.3") == URL
        assert str(URL) == "https://specs.apollo.dev/federation/v2.3"

    @pytest.mark.parametrize(
        "text", ["", "v1.0", "https://x.dev", "https://x.dev/a", "https://x.dev/v1.0", "http://[/a/v1.0"]
    )
    def test_what_lacks_a_name_or_a_version_is_refused(self, text: str) -> None:
        with pytest.raises(FederationError) as refused:
            FeatureUrl.parse(text)
        assert [error.code for error in refused.value.errors] == [ErrorCode.INVALID_LINK_IDENTIFIER]


class TestFeatures:
    @pytest.mark.parametrize(
        ("name", "since"),
        [
            ("@shareable", 0),
            ("@composeDirective", 1),
            ("@interfaceObject", 3),
            ("@authenticated", 5),
            ("@policy", 6),
            ("@fromContext", 8),
            ("@listSize", 9),
            ("@cacheTag", 12),
        ],
    )
    def test_directives_came_with_their_version(self, name: str, since: int) -> None:
        versions = [
            minor for minor in range(LATEST.minor + 1) if name in FEATURES[FEDERATION, Version(2, minor)].elements()
        ]
        assert versions == list(range(since, LATEST.minor + 1))

    def test_every_definition_can_be_read(self) -> None:
        assert all(known.elements() for known in FEATURES.values())
