"""Mailing invitations. The codes in them are made here, so that no event and no table holds one."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from pydantic import SecretStr

from shared.crypto import IdSigner
from shared.database import TenantSession
from shared.mail import Mail, Mailer
from shared.tenancy.registry import Registry, TenantRecord
from subgraphs.users.models import User
from subgraphs.users.store.invitations import InvitationStore


def invitation_codes(secret: SecretStr) -> IdSigner:
    """Makes and reads the codes of invitations."""
    return IdSigner.create(secret, "invitation")


@dataclass(frozen=True, slots=True)
class InvitationPost:
    """What mailing invitations needs."""

    mailer: Mailer
    sender: str
    codes: IdSigner
    tenants: Registry
    client_url: str
    """Where the pages of our client begin."""


async def send_invitation(session: TenantSession, post: InvitationPost, invitation_id: UUID) -> None:
    """Mail an invitation, if it can still be used. After a failure it is sent again.

    Raises:
        MailNotSent: the server did not take it.
    """
    user = await InvitationStore(session).to_mail(invitation_id)
    tenant = await post.tenants.by_id(session.caller.tenant_id)
    if user is not None and tenant is not None:
        await post.mailer.send(_mail(post, tenant, user, post.codes.sign(invitation_id)))


def _mail(post: InvitationPost, tenant: TenantRecord, user: User, code: str) -> Mail:
    """The code stands in the fragment, which browsers send to no server and tell no other page."""
    url = f"{post.client_url}/accept-invitation#{urlencode({'tenant': tenant.slug, 'code': code})}"
    text = (
        f"You are invited to {tenant.name}.\n\nGo on here:\n\n{url}\n\nor with this code:\n\n{code}\n\n"
        f"If you do not know what this is about, do nothing.\n"
    )
    return Mail(sender=post.sender, to=user.email, subject=f"Invitation · {tenant.slug}", text=text)
