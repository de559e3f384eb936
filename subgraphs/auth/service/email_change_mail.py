"""Mails about addresses that change: a code to the new one, and a warning and a way back to the one before."""

from urllib.parse import urlencode
from uuid import UUID

from shared.database import TenantSession
from shared.mail import Mail
from subgraphs.auth.models import EmailChange
from subgraphs.auth.service.mailing import LinkPost
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.email_change import EmailChangeStore


async def send_confirmation(session: TenantSession, post: LinkPost, change_id: UUID) -> None:
    """Mail the code of a change that waits for it, unless the address is somebody else's account's by now.

    The person's own address is told either way, so that nobody learns from it whose the other one is.

    Raises:
        MailNotSent: the server did not take it.
    """
    change = await _waiting(session, change_id)
    tenant = await post.tenants.by_id(session.caller.tenant_id)
    if change is None or tenant is None:
        return
    warning = (
        f"Somebody, we hope you, wants to sign in at {tenant.name} by another address than this one. Nothing has "
        f"changed yet. If it was not you, choose another password at once:\n\n{post.client_url}/reset-password\n"
    )
    await _send(post, change.from_email, f"Your address is to change · {tenant.slug}", warning)
    if await AccountStore(session).by_email(change.to_email) is not None:
        return
    code = post.codes.email_changes.sign(change.id)
    text = (
        f"Somebody, we hope you, wants to sign in at {tenant.name} by this address. Go on here, where you are signed "
        f"in:\n\n{_link(post, 'confirm-email-change', tenant.slug, code)}\n\nor with this code:\n\n{code}\n\n"
        "If it was not you, do nothing: nothing has changed.\n"
    )
    await _send(post, change.to_email, f"Confirm your new address · {tenant.slug}", text)


async def send_way_back(session: TenantSession, post: LinkPost, change_id: UUID) -> None:
    """Tell the address before that it is not the account's any more, and how to take that back.

    Raises:
        MailNotSent: the server did not take it.
    """
    change = await EmailChangeStore(session).get(change_id)
    tenant = await post.tenants.by_id(session.caller.tenant_id)
    if change is None or tenant is None or change.made_at is None or change.undone_at is not None:
        return
    code = post.codes.email_undos.sign(change.id)
    text = (
        f"You sign in at {tenant.name} by another address than this one from now on. If it was not you who wanted "
        f"that, take it back until {change.expires_at:%Y-%m-%d %H:%M} UTC:\n\n"
        f"{_link(post, 'undo-email-change', tenant.slug, code)}\n\nor with this code:\n\n{code}\n\n"
        "All of your sessions end then, and you choose another password.\n"
    )
    await _send(post, change.from_email, f"Your address has changed · {tenant.slug}", text)


async def _waiting(session: TenantSession, change_id: UUID) -> EmailChange | None:
    change = await EmailChangeStore(session).get(change_id)
    return change if change and change.confirmed_at is None and change.undone_at is None else None


async def _send(post: LinkPost, to: str, subject: str, text: str) -> None:
    await post.mailer.send(Mail(sender=post.sender, to=to, subject=subject, text=text))


def _link(post: LinkPost, page: str, slug: str, code: str) -> str:
    """The code stands in the fragment, which browsers send to no server and tell no other page."""
    return f"{post.client_url}/{page}#{urlencode({'tenant': slug, 'code': code})}"
