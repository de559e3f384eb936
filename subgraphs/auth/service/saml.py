"""Signing in through an identity provider that speaks SAML: the browser goes there and comes back with an assertion.

Source: SAML 2.0 profiles, section 4.1 (Web Browser SSO): requests by HTTP-Redirect, answers by HTTP-POST.
"""

import base64
import secrets
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Final

from shared.database import unit_of_work
from shared.errors import NotFound, Refusal
from shared.tenancy.policies import WayIn
from subgraphs.auth.models.identity_providers import IdentityProvider, IdentityProviderKind
from subgraphs.auth.service.federated import Begun, enabled, refused
from subgraphs.auth.service.federated_begun import (
    Asked,
    Return,
    SignInNotBegun,
    WayBack,
    hash_secret,
    refuse_answered,
    sign_in_page,
)
from subgraphs.auth.service.federated_people import admit_person
from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.service.policies import refuse_closed
from subgraphs.auth.service.saml_assertions import Believed, Expected, believed
from subgraphs.auth.service.saml_desk import Known, SamlDesk
from subgraphs.auth.service.saml_keys import other_keys
from subgraphs.auth.service.saml_messages import AuthnRequest, KeyPair, own_metadata, request_url
from subgraphs.auth.service.saml_providers import person_of
from subgraphs.auth.service.sessions import open_tenant
from subgraphs.auth.store.saml import SamlStore

_ID_BYTES: Final = 20
"""Source: SAML 2.0 core, section 1.3.4: 128 bits at least, 160 rather."""


async def metadata(saml: SamlDesk, slug: str, alias: str) -> str:
    """What the provider is told of the tenant, as XML.

    Raises:
        TenantNotFound, NotFound: there is no such tenant, or no such provider of it.
    """
    known = await _known(saml, slug, alias)
    return await saml.workers.run(lambda: own_metadata(known.own, known.saml.name_id_format))


async def begin(saml: SamlDesk, slug: str, alias: str, way_back: WayBack) -> Begun:
    """Begin a sign-in.

    Raises:
        TenantNotFound, NotFound: as above.
        BadUserInput: people are not to be sent to that address, or the challenge is none.
        WayInClosed: the tenant lets nobody in through such a provider.
    """
    known = await _known(saml, slug, alias)
    refuse_closed(known.policy, WayIn.SAML)
    way_back.check(known.provider, sign_in_page(saml.public_url, slug))
    request_id, now = f"_{secrets.token_hex(_ID_BYTES)}", saml.desk.clock()
    asked = Asked.now(known.provider, request_id, way_back, now)
    kept = saml.begun.seal(known.caller.tenant_id, known.provider, asked)
    request = AuthnRequest(request_id, known.saml.sso_url, known.saml.name_id_format, asked.state, again=way_back.again)
    return Begun(await saml.workers.run(lambda: request_url(request, known.own, now)), kept)


async def finish(saml: SamlDesk, slug: str, alias: str, form: Mapping[str, str], kept: str) -> Return:
    """Take what a browser brings; returns where it goes on, with a code for the client.

    Raises:
        TenantNotFound, NotFound: as above.
        SignInNotBegun: it is no answer to what this browser asked, and may not be one that nobody asked for.
    """
    known = await _known(saml, slug, alias)
    asked = await _asked(saml, known, form.get("RelayState", ""), kept)
    goes_on = asked.way_back.return_uri
    try:
        refuse_closed(known.policy, WayIn.SAML)  # else it would go on bringing newcomers
        said = await _believed(saml, known, form.get("SAMLResponse", ""), asked.proofs or None)
        await _use(saml, known, said)
        person = person_of(said, known.saml, known.provider.email_domains)
        async with unit_of_work(saml.desk.sessions, known.caller) as session:
            code = await admit_person(session, known.provider, asked, person)
    except Refusal as refusal:
        return await refused(saml.desk, known.caller, known.provider, goes_on, refusal)
    return Return(goes_on, code)


async def _known(saml: SamlDesk, slug: str, alias: str) -> Known:
    tenant, caller = await open_tenant(saml.desk, slug)
    async with saml.desk.sessions.read(caller) as session:
        provider = await enabled(session, alias, IdentityProviderKind.SAML)
        row = await SamlStore(session).get(provider.id)
        ring = await saml.desk.keys.of(session)
    if row is None:
        raise NotFound
    private_key = ring.open(IdentityProvider.sealed_client_secret, provider.id, provider.sealed_client_secret)
    keys = KeyPair(private_key, row.own_certificate)
    own = saml.service_provider(tenant.slug, alias, keys, other_keys(ring, row))
    return Known(caller, provider, row, own, tenant.policies.sign_in)


async def _asked(saml: SamlDesk, known: Known, state: str, kept: str) -> Asked:
    """What is answered; a question without an ID if nobody has asked and nobody needs to.

    Raises:
        SignInNotBegun: somebody needs to.
    """
    now, provider = saml.desk.clock(), known.provider
    try:
        asked = saml.begun.open(known.caller.tenant_id, provider, kept, state, now)
        async with saml.desk.sessions.read(known.caller) as session:
            await refuse_answered(session, asked)
    except SignInNotBegun:
        if not (known.saml.allows_unsolicited and provider.return_uris):
            raise
        return Asked.now(provider, "", WayBack(provider.return_uris[0]), now)
    return asked


async def _believed(saml: SamlDesk, known: Known, encoded: str, request_id: str | None) -> Believed:
    try:
        document = base64.b64decode("".join(encoded.split()), validate=True)
    except (Base64Error, ValueError) as error:
        raise ProviderRefused from error
    expected = Expected(known.provider.issuer, known.saml.certificates, known.own, request_id, saml.desk.clock())
    return await saml.workers.run(lambda: believed(document, expected))


async def _use(saml: SamlDesk, known: Known, said: Believed) -> None:
    """Let an assertion count once, whatever comes of it: whoever brings it again may have seen it on the way."""
    async with unit_of_work(saml.desk.sessions, known.caller) as session:
        if not await SamlStore(session).use(known.provider.id, hash_secret(said.id), said.ends_at):
            raise ProviderRefused
