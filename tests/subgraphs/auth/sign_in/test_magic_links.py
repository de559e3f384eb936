"""Links by mail: sent to whoever has the address, used once, and asking for one tells nothing."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.mail import FolderMailer
from shared.tenancy.policies import WayIn
from shared.tenancy.registry import Registry
from shared.tokens import TokenVerifier
from subgraphs.auth.consumers import LinkRequested, mailing
from subgraphs.auth.models import Account, MailedLink, SignInSession
from subgraphs.auth.service.magic_links import FREE_MAILS
from subgraphs.auth.service.mailing import LinkPost
from tests.queries import Queries
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.sign_in.conftest import CODES, PASSWORD, SIGN_IN, Enter
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

REQUEST = "mutation ($input: RequestLinkInput!) {{ {0}(input: $input) {{ validMinutes userErrors {{ code }} }} }}"
RESET = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { userId userErrors { code } } }"
BY_LINK = """mutation ($input: SignInByLinkInput!) {
  signInByLink(input: $input) { session { accessToken deviceToken } challenge { code } userErrors { code } }
}"""
CONFIRM = "mutation ($input: ConfirmEmailInput!) { confirmEmail(input: $input) { userId userErrors { code } } }"
ADA = "ada@example.org"
OTHER = "battery staple"


class Post:
    """What has been mailed by the handler of all requests so far."""

    def __init__(self, ask: Ask, sessions: Sessions, tenant: Tenant, post: LinkPost, folder: Path) -> None:
        self.ask = ask
        self.sessions = sessions
        self.tenant = tenant
        self._handle = mailing(post)["auth.link-requested.v1"].handle
        self._folder = folder

    async def request(self, which: str, email: str = ADA, **more: Any) -> dict[str, Any]:
        given = {"input": {"tenant": self.tenant.slug, "email": email, **more}}
        return await self.ask(REQUEST.format(which), given)

    async def delivered(self) -> list[str]:
        """The texts of new mails."""
        asked = sa.select(OutboxRow).where(OutboxRow.topic == "auth.link-requested.v1").order_by(OutboxRow.seq)
        async with unit_of_work(self.sessions, self.tenant.caller()) as session:
            for row in list(await session.scalars(asked)):
                await self._handle(session, LinkRequested(UUID(row.payload["link_id"])))
                await session.delete(row)
        texts: list[str] = []
        for path in sorted(self._folder.glob("*.eml")):
            texts.append(message_from_bytes(path.read_bytes(), policy=default).get_content())
            path.unlink()
        return texts

    async def code(self, which: str, email: str = ADA) -> str:
        """Of the link that is mailed when somebody asks for one."""
        await self.request(which, email)
        [text] = await self.delivered()
        url = next(re.finditer(r"https://\S+", text)).group()
        said = parse_qs(urlsplit(url).fragment)
        assert said["tenant"] == [self.tenant.slug]
        return said["code"][0]

    async def use(self, mutation: str, code: str, **more: Any) -> dict[str, Any]:
        """What came of using a code; the whole answer if it was an error."""
        answer = await self.ask(mutation, {"input": {"tenant": self.tenant.slug, "code": code, **more}})
        return answer if "errors" in answer else next(iter(answer["data"].values()))


@pytest.fixture
async def post(ask: Ask, sessions: Sessions, tenant: Tenant, control: Control, tmp_path: Path) -> Any:
    registry = Registry.create(control.login_url("auth"))
    links = LinkPost(FolderMailer(tmp_path), "studium@example.org", CODES, registry, "https://learn.example")
    yield Post(ask, sessions, tenant, links, tmp_path)
    await registry.aclose()


REQUESTS = ("requestPasswordReset", "requestSignInLink", "requestEmailConfirmation")


class TestRequesting:
    @pytest.mark.parametrize("which", REQUESTS)
    async def test_is_answered_alike_for_nobody_and_takes_the_same_statements(
        self, post: Post, enter: Enter, queries: Queries, which: str
    ) -> None:
        await enter(ADA)
        answers: list[Any] = []
        statements: list[list[str]] = []
        for email in (ADA, "nobody@example.org"):
            queries.clear()
            answers.append(await post.request(which, email))
            statements.append([re.sub(r"t_[0-9a-f]+", "t", each) for each in queries])
        assert answers[0] == answers[1]
        assert statements[0] == statements[1]
        assert len(await post.delivered()) == 1

    async def test_keeps_no_code_where_others_could_read_it(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        await post.request("requestPasswordReset")
        async with post.sessions.read(post.tenant.caller()) as session:
            payloads = str([row.payload for row in await session.scalars(sa.select(OutboxRow))])
            [link] = await session.scalars(sa.select(MailedLink))
        assert CODES.links.sign(link.id) not in payloads
        assert ADA not in payloads

    async def test_too_often_sends_nothing_and_tells_nobody(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        answers = [await post.request("requestSignInLink") for _ in range(FREE_MAILS + 3)]
        assert all(answer == answers[0] for answer in answers)
        assert len(await post.delivered()) == FREE_MAILS


class TestPasswordReset:
    async def test_changes_the_password_and_ends_every_session(self, post: Post, enter: Enter) -> None:
        opened = await enter(ADA)
        code = await post.code("requestPasswordReset")
        assert (await post.use(RESET, code, newPassword=OTHER))["userErrors"] == []
        given = {"tenant": post.tenant.slug, "email": ADA, "password": PASSWORD}
        assert code_of(await post.ask(SIGN_IN, {"input": given})) == "INVALID_CREDENTIALS"
        assert (await enter(ADA, password=OTHER))["accessToken"]
        refresh = (
            "mutation ($token: String!) { refreshSession(input: {refreshToken: $token}) { session { expiresAt } } }"
        )
        assert code_of(await post.ask(refresh, {"token": opened["refreshToken"]})) == "REFRESH_TOKEN_INVALID"

    async def test_works_once_and_closes_all_other_links(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        older, code = await post.code("requestSignInLink"), await post.code("requestPasswordReset")
        await post.use(RESET, code, newPassword=OTHER)
        for mutation, used, more in ((RESET, code, {"newPassword": OTHER}), (BY_LINK, older, {})):
            assert (await post.use(mutation, used, **more))["userErrors"] == [{"code": "LINK_INVALID"}]

    async def test_a_weak_password_leaves_the_link_as_it_is(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        code = await post.code("requestPasswordReset")
        weak = await post.use(RESET, code, newPassword="password1")
        assert weak["userErrors"] == [{"code": "WEAK_PASSWORD"}]
        assert (await post.use(RESET, code, newPassword=OTHER))["userErrors"] == []


class TestSignIn:
    async def test_opens_a_session_once(self, post: Post, enter: Enter, own_verifier: TokenVerifier) -> None:
        await enter(ADA)
        code = await post.code("requestSignInLink")
        opened = await post.use(BY_LINK, code, idempotencyKey="k")
        caller = await own_verifier.caller(opened["session"]["accessToken"])
        assert caller.acr == "aal1"
        async with post.sessions.read(post.tenant.caller()) as session:
            by_link = await session.get_one(SignInSession, caller.session_id)
        assert by_link.way == WayIn.MAGIC_LINK
        again = await post.use(BY_LINK, code, idempotencyKey="k")
        assert (await own_verifier.caller(again["session"]["accessToken"])).session_id == caller.session_id
        assert (await post.use(BY_LINK, code))["userErrors"] == [{"code": "LINK_INVALID"}]

    async def test_by_a_link_for_something_else_is_refused(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        for which in ("requestPasswordReset", "requestEmailConfirmation"):
            assert (await post.use(BY_LINK, await post.code(which)))["userErrors"] == [{"code": "LINK_INVALID"}]

    async def test_by_a_link_that_is_too_old_is_refused(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        code = await post.code("requestSignInLink")
        async with unit_of_work(post.sessions, post.tenant.caller()) as session:
            await session.execute(sa.update(MailedLink).values(expires_at=sa.func.now() - timedelta(seconds=1)))
        assert (await post.use(BY_LINK, code))["userErrors"] == [{"code": "LINK_INVALID"}]

    async def test_in_another_tenant_is_refused(self, post: Post, enter: Enter, other_tenant: Tenant) -> None:
        await enter(ADA)
        code = await post.code("requestSignInLink")
        answer = await post.ask(BY_LINK, {"input": {"tenant": other_tenant.slug, "code": code}})
        assert answer["data"]["signInByLink"]["userErrors"] == [{"code": "LINK_INVALID"}]


class TestConfirmation:
    async def test_is_noted_for_the_address_the_link_went_to(self, post: Post, enter: Enter) -> None:
        await enter(ADA)
        code = await post.code("requestEmailConfirmation")
        async with unit_of_work(post.sessions, post.tenant.caller()) as session:
            await session.execute(sa.update(Account).values(email="new@example.org"))
        assert (await post.use(CONFIRM, code))["userErrors"] == [{"code": "LINK_INVALID"}]
        fresh = await post.code("requestEmailConfirmation", "new@example.org")
        assert (await post.use(CONFIRM, fresh))["userErrors"] == []
        async with post.sessions.read(post.tenant.caller()) as session:
            assert await session.scalar(sa.select(Account.email_verified_at)) is not None
