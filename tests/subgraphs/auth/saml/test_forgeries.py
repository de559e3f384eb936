"""Answers that a provider's key has not signed as they stand, or not for us, or not for now: none of them counts."""

import base64
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any, TypeAlias, cast

import pytest
import xmlsec
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] - has no types

from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.service.saml_assertions import Expected, believed
from subgraphs.auth.service.saml_messages import ServiceProvider
from tests.subgraphs.auth.saml.conftest import REQUEST_ID, but
from tests.subgraphs.auth.saml.identity_provider import (
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    SchoolProvider,
    encrypted,
    keys_of,
)

_lxml, _consts = cast("Any", etree), cast("Any", xmlsec).constants
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"

MANY_PREFIXES = '<c:InclusiveNamespaces xmlns:c="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{}"/>'.format(
    " ".join(f"p{i}" for i in range(30))
)

Answer: TypeAlias = Callable[..., str]


@pytest.fixture
def answer(school: SchoolProvider, own: ServiceProvider) -> Answer:
    """What the school answers, signed in this way or that."""

    def made(**how: Any) -> str:
        return school.answer(own.entity_id, own.acs_url, how.pop("request_id", REQUEST_ID), **how)

    return made


def refused(document: str | bytes, expected: Expected) -> bool:
    """Whether nothing in the document is believed."""
    with pytest.raises(ProviderRefused):
        believed(document.encode() if isinstance(document, str) else document, expected)
    return True


class TestWhatCounts:
    @pytest.mark.parametrize(
        "how",
        [
            {},
            {"sign_response": True, "sign_assertion": False},
            {"sign_response": True},
            {"encrypt_assertion": True},
            {"encrypt_assertion": True, "sign_response": True},
        ],
    )
    def test_is_signed_as_a_whole_or_in_its_assertion(
        self, answer: Answer, expected: Expected, how: dict[str, Any]
    ) -> None:
        said = believed(answer(**how).encode(), expected)
        assert (said.name_id, said.attributes["mail"], said.attributes["displayName"]) == (
            "ada-1815",
            ["ada@school.example"],
            ["Ada"],
        )

    def test_is_signed_by_either_key_while_the_provider_changes_it(self, answer: Answer, expected: Expected) -> None:
        both = [keys_of("stranger").certificate, *expected.certificates]
        assert believed(answer().encode(), but(expected, certificates=both)).name_id == "ada-1815"
        assert refused(answer(), but(expected, certificates=both[:1]))

    def test_is_read_as_it_was_signed_whatever_comments_somebody_puts_in(
        self, answer: Answer, expected: Expected
    ) -> None:
        document = answer(name="ada@school.example.evil.example")
        cut = document.replace("ada@school.example.evil", "ada@school.example<!-- -->.evil")
        assert cut != document
        assert believed(cut.encode(), expected).name_id == "ada@school.example.evil.example"


class TestSignatures:
    def test_are_needed(self, answer: Answer, expected: Expected) -> None:
        assert refused(answer(sign_assertion=False), expected)

    def test_cover_every_letter(self, answer: Answer, expected: Expected) -> None:
        assert refused(answer().replace("ada-1815", "bob-1815"), expected)
        assert refused(answer(sign_response=True, sign_assertion=False).replace("ada-1815", "bob-1815"), expected)

    def test_of_an_assertion_count_inside_of_a_signed_answer_as_well(
        self, answer: Answer, expected: Expected, school: SchoolProvider
    ) -> None:
        whole = _lxml.fromstring(answer(sign_response=True).encode())
        whole.find(f"{SAML}Assertion//{SAML}NameID").text = "bob-1815"
        spoilt = cast("bytes", _lxml.tostring(whole)).decode()
        assert refused(school.backend.sign_statement(spoilt, "", school.key_file, whole.get("ID")), expected)

    @pytest.mark.parametrize("weak", [{"sign_alg": RSA_SHA1}, {"digest_alg": SHA1}])
    def test_by_sha_1_count_for_nothing(self, answer: Answer, expected: Expected, weak: dict[str, str]) -> None:
        assert refused(answer(**weak), expected)

    def test_by_a_secret_that_everybody_knows_count_for_nothing(self, answer: Answer, expected: Expected) -> None:
        assert refused(answer().replace(RSA_SHA256, RSA_SHA256.replace("rsa", "hmac")), expected)

    def test_by_a_key_that_comes_along_count_for_nothing(
        self, expected: Expected, own: ServiceProvider, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        stranger = SchoolProvider(tmp_path_factory.mktemp("stranger"), keys="stranger")
        document = stranger.answer(own.entity_id, own.acs_url, REQUEST_ID)
        assert "X509Certificate" in document
        assert refused(document, expected)

    def test_of_a_part_count_for_nothing_even_from_the_school(
        self, answer: Answer, expected: Expected, school: SchoolProvider
    ) -> None:
        exclusive = '<ns2:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
        xpath = (
            '<ns2:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
            "<ns2:XPath>not(ancestor-or-self::ns1:Subject)</ns2:XPath></ns2:Transform>"
        )
        document = answer()
        assert exclusive in document
        assert refused(school.signed_again(document.replace(exclusive, xpath)), expected)

    def test_of_something_else_count_for_nothing_even_from_the_school(
        self, answer: Answer, expected: Expected, school: SchoolProvider
    ) -> None:
        other = answer().replace("<ns1:Subject>", '<ns1:Subject ID="_part">')
        assert refused(school.signed_again(re.sub(r'URI="#[^"]+"', 'URI="#_part"', other)), expected)
        assert refused(school.signed_again(re.sub(r'URI="#[^"]+"', 'URI=""', answer())), expected)

    def test_carry_nothing_beside(self, answer: Answer, expected: Expected) -> None:
        document, end = answer(), "</ns2:Signature>"
        assert refused(document.replace(end, f"<ns2:Object>more</ns2:Object>{end}"), expected)

    def test_are_of_the_only_element_with_that_identifier(self, answer: Answer, expected: Expected) -> None:
        document = answer()
        (signed,) = re.findall(r'URI="#([^"]+)"', document)
        assert 'Id="Signature2"' in document
        assert refused(document.replace('Id="Signature2"', f'Id="{signed}"'), expected)


class _Wrapped:
    """The eight ways to wrap a signed element, after SAML Raider and "On Breaking SAML"."""

    def __init__(self, document: str) -> None:
        self.root = _lxml.fromstring(document.encode())
        self.assertion = self.root.find(f"{SAML}Assertion")

    def evil(self, element: Any, *, signature: bool = False) -> Any:
        """A copy that means somebody else."""
        copy = deepcopy(element)
        copy.set("ID", "_evil")
        copy.find(f".//{SAML}NameID").text = "mallory"
        if not signature:
            copy.remove(copy.find(f"{DS}Signature"))
        return copy

    def unsigned(self, element: Any) -> Any:
        copy = deepcopy(element)
        copy.remove(copy.find(f"{DS}Signature"))
        return copy

    def xsw1(self) -> Any:
        evil = self.evil(self.root, signature=True)
        evil.find(f"{DS}Signature").append(self.unsigned(self.root))
        return evil

    def xsw2(self) -> Any:
        evil = self.evil(self.root, signature=True)
        evil.find(f"{DS}Signature").addprevious(self.unsigned(self.root))
        return evil

    def xsw3(self) -> Any:
        self.assertion.addprevious(self.evil(self.assertion))
        return self.root

    def xsw4(self) -> Any:
        evil = self.evil(self.assertion)
        self.assertion.addprevious(evil)
        evil.append(self.assertion)
        return self.root

    def xsw5(self) -> Any:
        evil = self.evil(self.assertion, signature=True)
        self.assertion.addprevious(evil)
        self.root.append(self.unsigned(self.assertion))
        self.root.remove(self.assertion)
        return self.root

    def xsw6(self) -> Any:
        evil = self.evil(self.assertion, signature=True)
        evil.find(f"{DS}Signature").append(self.unsigned(self.assertion))
        self.root.replace(self.assertion, evil)
        return self.root

    def xsw7(self) -> Any:
        extensions = _lxml.Element(f"{SAMLP}Extensions")
        extensions.append(self.evil(self.assertion))
        self.assertion.addprevious(extensions)
        return self.root

    def xsw8(self) -> Any:
        evil = self.evil(self.assertion, signature=True)
        kept = _lxml.SubElement(evil.find(f"{DS}Signature"), f"{DS}Object")
        kept.append(self.unsigned(self.assertion))
        self.root.replace(self.assertion, evil)
        return self.root


class TestWrapping:
    @pytest.mark.parametrize("way", range(1, 9))
    @pytest.mark.parametrize("identifier", ["_evil", None])
    def test_hides_nothing(self, answer: Answer, expected: Expected, way: int, identifier: str | None) -> None:
        wrapped = _Wrapped(answer(sign_response=way <= 2, sign_assertion=way > 2))
        genuine = wrapped.root.get("ID") if way <= 2 else wrapped.assertion.get("ID")
        document = cast("bytes", _lxml.tostring(getattr(wrapped, f"xsw{way}")()))
        assert b"mallory" in document
        assert b"ada-1815" in document
        # with the identifier of what was signed, and with one of its own
        assert refused(document.replace(b"_evil", (identifier or genuine).encode()), expected)


class TestForWhomAndWhen:
    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": "https://idp.other.example/metadata"},
            {"entity_id": "https://learn.example/t/other/saml/school/metadata"},
            {"acs_url": "https://learn.example/t/other/saml/school/acs"},
            {"request_id": "_another"},
            {"request_id": None},
        ],
    )
    def test_an_answer_for_somebody_else_counts_for_nothing(
        self, answer: Answer, expected: Expected, changes: dict[str, Any]
    ) -> None:
        assert refused(answer(), but(expected, **changes))

    @pytest.mark.parametrize("hours", [-1, 1])
    def test_one_of_another_time_counts_for_nothing(self, answer: Answer, expected: Expected, hours: int) -> None:
        assert refused(answer(), but(expected, now=expected.now + timedelta(hours=hours)))

    def test_one_that_was_not_asked_for_counts_only_where_it_may(self, answer: Answer, expected: Expected) -> None:
        unasked = answer(request_id=None)
        assert refused(unasked, expected)
        assert believed(unasked.encode(), but(expected, request_id=None)).name_id == "ada-1815"

    @pytest.mark.parametrize(
        ("pattern", "instead"),
        [
            (r"<ns1:Conditions.*</ns1:Conditions>", ""),
            (r"<ns1:AudienceRestriction>.*</ns1:AudienceRestriction>", ""),
            (r"</ns1:AudienceRestriction>", r"</ns1:AudienceRestriction><ns1:Condition/>"),
            (r"(<ns1:Conditions [^>]*)NotOnOrAfter=\"[^\"]*\"", r"\1"),
            (r"(<ns1:Conditions [^>]*)NotOnOrAfter=\"[^\"]*\"", r'\1NotOnOrAfter="2999-01-01T00:00:00Z"'),
            (r"<ns1:SubjectConfirmation .*</ns1:SubjectConfirmation>", ""),
            (r"<ns1:SubjectConfirmationData[^>]*>", ""),
            (r" Recipient=\"[^\"]*\"", ""),
            (r"(<ns1:SubjectConfirmationData) NotOnOrAfter=\"[^\"]*\"", r"\1"),
            (r"(<ns1:SubjectConfirmationData[^>]*) InResponseTo=\"[^\"]*\"", r"\1"),
            (r"<ns1:SubjectConfirmationData ", '<ns1:SubjectConfirmationData NotBefore="2020-01-01T00:00:00Z" '),
            (r" NotBefore=\"[^\"]*\"", ' NotBefore="2999-01-01T00:00:00Z"'),
            (r"<ns1:AuthnStatement ", '<ns1:AuthnStatement SessionNotOnOrAfter="2020-01-01T00:00:00Z" '),
            (r"(<ns1:Assertion [^>]*><ns1:Issuer[^>]*>)[^<]*", r"\1https://idp.other.example/metadata"),
            (r"cm:bearer", "cm:sender-vouches"),
            (r"<ns1:AuthnStatement .*</ns1:AuthnStatement>", ""),
            (r"(<ns1:Assertion) Version=\"2.0\"", r'\1 Version="1.1"'),
            (r"(<ns1:Assertion [^>]*)IssueInstant=\"[^\"]*\"", r'\1IssueInstant="2999-01-01T00:00:00Z"'),
        ],
    )
    def test_one_that_says_less_than_it_has_to_counts_for_nothing(
        self, answer: Answer, expected: Expected, school: SchoolProvider, pattern: str, instead: str
    ) -> None:
        document = answer()
        assert believed(school.signed_again(document).encode(), expected)
        changed, times = re.subn(pattern, instead, document, flags=re.DOTALL)
        assert times == 1
        # both times until when it counts where one is late: the earlier one holds
        if "2999" in instead and "Conditions" in pattern:
            assert believed(school.signed_again(changed).encode(), expected).ends_at < expected.now + timedelta(hours=1)
        else:
            assert refused(school.signed_again(changed), expected)

    def test_one_that_counts_for_longer_than_a_day_counts_for_nothing(
        self, answer: Answer, expected: Expected, school: SchoolProvider
    ) -> None:
        lasting = re.sub(r"NotOnOrAfter=\"[^\"]*\"", 'NotOnOrAfter="2999-01-01T00:00:00Z"', answer())
        assert refused(school.signed_again(lasting), expected)

    def test_one_in_another_place_counts_for_nothing(self, answer: Answer, expected: Expected) -> None:
        document = answer().replace("<ns1:Assertion ", "<ns0:Extensions><ns1:Assertion ")
        assert refused(document.replace("</ns1:Assertion>", "</ns1:Assertion></ns0:Extensions>"), expected)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("status:Success", "status:Responder"),
            ('Destination="https://learn.example/t/acme', 'Destination="https://learn.example/t/other'),
            (f'InResponseTo="{REQUEST_ID}" Version', 'InResponseTo="_another" Version'),
            ("ns0:Response", "ns0:ArtifactResponse"),
        ],
    )
    def test_an_envelope_that_does_not_fit_spoils_it(
        self, answer: Answer, expected: Expected, before: str, after: str
    ) -> None:
        document = answer()
        assert before in document
        assert refused(document.replace(before, after), expected)

    def test_two_assertions_are_none(self, answer: Answer, expected: Expected) -> None:
        document = answer()
        (assertion,) = re.findall(r"<ns1:Assertion.*</ns1:Assertion>", document, flags=re.DOTALL)
        assert refused(document.replace(assertion, assertion + assertion.replace("ID=", 'ID="_2" Was='), 1), expected)


class TestEncryption:
    def test_that_nothing_authenticates_is_opened_only_in_what_is_signed(
        self, answer: Answer, expected: Expected, school: SchoolProvider
    ) -> None:
        school.backend.cipher = _consts.TransformAes256Cbc
        try:
            assert refused(answer(encrypt_assertion=True), expected)
            signed = answer(encrypt_assertion=True, sign_response=True)
        finally:
            school.backend.cipher = _consts.TransformAes256Gcm
        assert believed(signed.encode(), expected).name_id == "ada-1815"

    @pytest.mark.parametrize(
        ("whose", "transport"),
        [("stranger", _consts.TransformRsaOaep), ("tenant", _consts.TransformRsaPkcs1)],
    )
    def test_for_somebody_else_or_by_rsa_1_5_is_not_opened(
        self, answer: Answer, expected: Expected, whose: str, transport: Any
    ) -> None:
        root = _lxml.fromstring(answer().encode())
        plain = root.find(f"{SAML}Assertion")
        around = _lxml.SubElement(root, f"{SAML}EncryptedAssertion")
        around.append(plain)
        certificate = keys_of(whose).certificate
        document = encrypted(root, plain, certificate, _consts.TransformAes256Gcm, transport=transport)
        assert "EncryptedData" in document
        assert refused(document, expected)


class TestXml:
    @pytest.mark.parametrize(
        "prologue",
        [
            '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
            '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/evil.dtd">',
        ],
    )
    def test_with_a_document_type_is_not_read(self, answer: Answer, expected: Expected, prologue: str) -> None:
        assert refused(prologue + answer(), expected)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("<ns1:Audience>", "<ns1:Audience{}>".format("".join(f' a{i}=""' for i in range(60)))),
            ("<ns1:Audience>", "{}<ns1:Audience>".format("<a/>" * 5_000)),
            (
                'xml-exc-c14n#"/></ns2:Transforms>',
                f'xml-exc-c14n#">{MANY_PREFIXES}</ns2:Transform></ns2:Transforms>',
            ),
        ],
    )
    def test_that_takes_long_to_verify_is_not_read_even_where_it_is_signed(
        self, answer: Answer, expected: Expected, school: SchoolProvider, before: str, after: str
    ) -> None:
        document = answer()
        assert before in document
        assert refused(school.signed_again(document.replace(before, after)), expected)

    def test_that_is_too_large_is_not_read(self, answer: Answer, expected: Expected) -> None:
        assert refused(answer().replace("ada-1815", f"ada<!--{'x' * 300_000}-->-1815"), expected)

    def test_with_instructions_for_programs_is_not_read_even_where_it_is_signed(
        self, answer: Answer, expected: Expected, school: SchoolProvider
    ) -> None:
        assert refused(school.signed_again(answer().replace("ada-1815", "ada<?x?>-1815")), expected)

    @pytest.mark.parametrize(
        "document",
        [
            b"",
            b"\xff\xfe<\x00r\x00/\x00>\x00",
            b"<r>" * 400 + b"</r>" * 400,
            base64.b64encode(b"<r/>"),
            b"<r xmlns:a='1'><a:b></r>",
        ],
    )
    def test_that_is_none_is_refused_alike(self, expected: Expected, document: bytes) -> None:
        assert refused(document, expected)
