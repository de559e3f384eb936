"""What of an identity provider's answer is believed: only what one of its keys has signed, for us, now, and this once.

Source: SAML 2.0 profiles, section 4.1.4.3 (what a service provider has to check); SAML 2.0 core, section 2.5.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from saml2 import attribute_converter, saml, validate
from saml2.validate import NotValid

from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.service.saml_encryption import decrypted
from subgraphs.auth.service.saml_messages import ServiceProvider, private_key, read_instant
from subgraphs.auth.service.saml_xml import Element, XmlRefused, canonical, is_signed, parse, verified

LEEWAY: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(hours=24)
"""That an assertion may count; it is remembered for so long."""
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL_ADDRESS: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_SAMLP: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_LONGEST_NAME: Final = 255

_saml = cast("Any", saml)  # pysaml2 has no types
_converters = cast("list[Any]", cast("Any", attribute_converter).ac_factory())


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer has to be."""

    issuer: str
    certificates: Sequence[str]
    own: ServiceProvider
    request_id: str | None
    """That it answers; None for one that nobody has asked for."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Believed:
    """What was asserted, by whom it has to be."""

    id: str
    ends_at: datetime
    """After it, the assertion counts no more."""
    name_id: str
    name_id_format: str
    attributes: Mapping[str, Sequence[str]]
    """By the names they are written with, and by those that pysaml2 knows for them (``mail`` for its OID)."""
    authenticated_at: datetime | None = None
    """When the person proved who they are: where it says several times, the earliest."""
    contexts: frozenset[str] = frozenset()
    """By what, as classes of SAML's. Source: SAML 2.0 authentication context."""


def in_response_to(document: bytes) -> str | None:
    """The request that an answer says to be to; not believed yet.

    Raises:
        ProviderRefused: it is no answer.
    """
    return _response(document).get("InResponseTo")


def believed(document: bytes, expected: Expected) -> Believed:
    """The assertion in an answer.

    Raises:
        ProviderRefused: there is none that can be believed. It does not say why: who forges learns nothing.
    """
    try:
        return _read(_signed_assertion(_response(document), expected), expected)
    except (XmlRefused, NotValid, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ProviderRefused from error


def _response(document: bytes) -> Element:
    try:
        response = parse(document)
    except XmlRefused as error:
        raise ProviderRefused from error
    if response.tag != f"{_SAMLP}Response":
        raise ProviderRefused
    return response


def _signed_assertion(response: Element, expected: Expected) -> Element:
    """The only assertion, cut out of what is signed: of the response, or of itself alone."""
    whole = is_signed(response)
    if whole:
        response = verified(response, expected.certificates)
    _check_envelope(response, expected)
    found = [each for name in ("Assertion", "EncryptedAssertion") for each in response.iter(f"{_SAML}{name}")]
    if len(found) != 1 or found[0].getparent() is not response:
        raise XmlRefused("has not one assertion")
    assertion = found[0]
    if assertion.tag == f"{_SAML}EncryptedAssertion":
        assertion = _decrypted(assertion, expected, authentic=whole)
        if assertion.tag != f"{_SAML}Assertion" or len(list(assertion.iter(assertion.tag))) != 1:
            raise XmlRefused("has not one assertion")
    if is_signed(assertion) or not whole:
        assertion = verified(assertion, expected.certificates)
    return assertion


def _decrypted(encrypted: Element, expected: Expected, *, authentic: bool) -> Element:
    """The assertion, which may be encrypted for either of two keys while we change them."""
    *others, last = expected.own.all_keys
    for keys in others:
        with suppress(XmlRefused):
            return decrypted(encrypted, private_key(keys), authentic=authentic)
    return decrypted(encrypted, private_key(last), authentic=authentic)


def _check_envelope(response: Element, expected: Expected) -> None:
    status = response.find(f"{_SAMLP}Status/{_SAMLP}StatusCode")
    issuer = response.findtext(f"{_SAML}Issuer")
    good = (
        status is not None
        and status.get("Value") == _SUCCESS
        and response.get("Version") == "2.0"
        and (issuer is None or issuer.strip() == expected.issuer)
        and response.get("Destination") in {None, expected.own.acs_url}
        and response.get("InResponseTo") == expected.request_id
    )
    if not good:
        raise XmlRefused("is not for us")


def _read(element: Element, expected: Expected) -> Believed:
    assertion = _saml.assertion_from_string(canonical(element))
    cast("Any", validate).valid_instance(assertion)
    issuer, now = assertion.issuer, expected.now
    _need(assertion.version == "2.0" and issuer.text.strip() == expected.issuer and issuer.format in {None, _ENTITY})
    _need(read_instant(assertion.issue_instant) <= now + LEEWAY)
    ends_at = min(_confirmed_until(assertion.subject, expected), _valid_until(assertion.conditions, expected))
    _need(now - LEEWAY < ends_at <= now + LONGEST)
    _need(len(assertion.authn_statement) > 0)
    for statement in assertion.authn_statement:
        until = statement.session_not_on_or_after
        _need(until is None or now - LEEWAY < read_instant(until))
    proved = [read_instant(each.authn_instant) for each in assertion.authn_statement]
    name_id = assertion.subject.name_id
    text = "" if name_id is None else (name_id.text or "").strip()
    _need(len(text) <= _LONGEST_NAME and 0 < len(assertion.id) <= _LONGEST_NAME)
    written = UNSPECIFIED if name_id is None else (name_id.format or UNSPECIFIED)
    contexts = frozenset(_contexts(assertion))
    return Believed(assertion.id, ends_at + LEEWAY, text, written, _attributes(assertion), min(proved), contexts)


def _contexts(assertion: Any) -> Iterator[str]:
    for statement in assertion.authn_statement:
        named = statement.authn_context and statement.authn_context.authn_context_class_ref
        if named:
            yield (named.text or "").strip()


def _confirmed_until(subject: Any, expected: Expected) -> datetime:
    """Until when whoever brings the assertion is whom it is about. Source: SAML 2.0 profiles, section 4.1.4.2."""
    for confirmation in subject.subject_confirmation:
        data = confirmation.subject_confirmation_data
        if (
            confirmation.method == _BEARER
            and data is not None
            and data.recipient == expected.own.acs_url
            and data.in_response_to == expected.request_id
            and data.not_before is None
            and data.not_on_or_after
        ):
            return read_instant(data.not_on_or_after)
    raise XmlRefused("is confirmed for nobody here")


def _valid_until(conditions: Any, expected: Expected) -> datetime:
    """Until when it may be used, and that we are whom it is for. Source: SAML 2.0 core, section 2.5.1."""
    if conditions.not_before is not None:
        _need(read_instant(conditions.not_before) <= expected.now + LEEWAY)
    _need(not conditions.condition and not conditions.extension_elements and len(conditions.audience_restriction) > 0)
    for restriction in conditions.audience_restriction:
        _need(expected.own.entity_id in {(each.text or "").strip() for each in restriction.audience})
    return read_instant(conditions.not_on_or_after)


def _attributes(assertion: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for statement in assertion.attribute_statement:
        for attribute in statement.attribute:
            values = [value.text.strip() for value in attribute.attribute_value if value.text]
            names: set[str] = {attribute.name, *(converter.from_format(attribute) for converter in _converters)}
            for name in names - {""}:
                found.setdefault(name, []).extend(values)
    return found


def _need(good: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not good:
        raise XmlRefused("is not for us, or not now")
