"""Writing mails: notices, and links, whose codes are made here, so that no event and no table holds one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from shared.database import TenantSession
from shared.mail import Mail, Mailer
from shared.tenancy.registry import Registry, TenantRecord
from subgraphs.auth.models import LinkPurpose
from subgraphs.auth.service.codes import SignInCodes
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.impersonation import ImpersonationStore
from subgraphs.auth.store.magic_links import MailedLinkStore


@dataclass(frozen=True, slots=True)
class _Wording:
    subject: str
    says: str
    page: str


_WORDINGS: Final[Mapping[LinkPurpose, _Wording]] = {
    LinkPurpose.PASSWORD_RESET: _Wording(
        "Choose another password", "Somebody, we hope you, wants to choose another password", "reset-password"
    ),
    LinkPurpose.SIGN_IN: _Wording("Sign in", "Somebody, we hope you, wants to sign in", "sign-in"),
    LinkPurpose.EMAIL_VERIFICATION: _Wording(
        "Confirm your e-mail address", "Somebody, we hope you, says that this is their address", "confirm-email"
    ),
}


@dataclass(frozen=True, slots=True)
class LinkPost:
    """What sending links needs."""

    mailer: Mailer
    sender: str
    codes: SignInCodes
    tenants: Registry
    client_url: str
    """Where the pages of our client begin."""


NO_MAIL: Final = ".invalid"
"""Addresses that mail gets to nobody at. Source: RFC 2606, section 2."""


async def send_link(session: TenantSession, post: LinkPost, link_id: UUID) -> None:
    """Mail a link that was asked for, if it is somebody's and was not used meanwhile. After a failure it is sent again.

    Raises:
        MailNotSent: the server did not take it.
    """
    found = await MailedLinkStore(session).to_mail(link_id)
    tenant = await post.tenants.by_id(session.caller.tenant_id)
    if found is None or tenant is None or found[0].used_at is not None:
        return
    link, account = found
    await post.mailer.send(_mail(post, tenant, LinkPurpose(link.purpose), link_id, account.email))


async def send_notice(session: TenantSession, post: LinkPost, impersonation_id: UUID) -> None:
    """Tell a person by mail that somebody acts in their name, and why.

    Raises:
        MailNotSent: the server did not take it.
    """
    found = await ImpersonationStore(session).with_account(impersonation_id)
    tenant = await post.tenants.by_id(session.caller.tenant_id)
    if found is None or tenant is None:
        return
    row, account = found
    text = (
        f"Somebody who looks after {tenant.name} acts in your name until {row.expires_at:%Y-%m-%d %H:%M} UTC, "
        f"for this reason:\n\n{row.reason}\n\nThey cannot change your password, your second factors or whom you "
        f"let act for you. You see who it is, and can end it, under your account:\n\n{post.client_url}/account\n"
    )
    await post.mailer.send(
        Mail(sender=post.sender, to=account.email, subject=f"Somebody acts in your name · {tenant.slug}", text=text)
    )


async def send_warning(session: TenantSession, post: LinkPost, user_id: UUID, what: str) -> None:
    """Tell a person by mail what has changed about how they sign in, if their account has an address for mail.

    Raises:
        MailNotSent: the server did not take it.
    """
    account = await AccountStore(session).by_id(user_id)
    tenant = await post.tenants.by_id(session.caller.tenant_id)
    if account is None or tenant is None or account.email.endswith(NO_MAIL):
        return
    text = (
        f"{what} at {tenant.name}.\n\nIf it was not you who wanted that, choose another password at once:\n\n"
        f"{post.client_url}/reset-password\n\nand tell whoever looks after {tenant.name}.\n"
    )
    await post.mailer.send(Mail(sender=post.sender, to=account.email, subject=f"{what} · {tenant.slug}", text=text))


def _mail(post: LinkPost, tenant: TenantRecord, purpose: LinkPurpose, link_id: UUID, to: str) -> Mail:
    """The code stands in the fragment, which browsers send to no server and tell no other page."""
    wording, code = _WORDINGS[purpose], post.codes.links.sign(link_id)
    url = f"{post.client_url}/{wording.page}#{urlencode({'tenant': tenant.slug, 'code': code})}"
    text = (
        f"{wording.says} at {tenant.name}.\n\nGo on here:\n\n{url}\n\n"
        f"or with this code:\n\n{code}\n\nIf it was not you, do nothing: nothing has changed.\n"
    )
    return Mail(sender=post.sender, to=to, subject=f"{wording.subject} · {tenant.slug}", text=text)
