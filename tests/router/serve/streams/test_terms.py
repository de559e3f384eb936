"""What an identity has opened ends with it: when it expires, and when it is revoked."""

import asyncio
from dataclasses import replace
from time import time

import pytest

from router.serve import Refused, RequestContext
from router.serve.access.identity import Identity
from router.serve.streams import revocation, term
from router.serve.streams.revocation import Revocations
from router.serve.streams.term import Term
from tests.patience import PATIENCE_SECONDS

ADA = Identity("ada", tenant="north", claims={"sid": "s1"})


class Ends:
    """The reasons for which something was ended."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.any = asyncio.Event()

    def __call__(self, refused: Refused) -> None:
        assert refused.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
        self.reasons.append(str(refused))
        self.any.set()

    async def one(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.any.wait()
        (only,) = self.reasons
        return only


class TestExpiry:
    @pytest.mark.parametrize("left", [-5.0, 0.05])
    async def test_an_identity_ends_when_it_expires(self, left: float) -> None:
        ends = Ends()
        Term(RequestContext(identity=replace(ADA, expires=time() + left)), Revocations(), ends)
        assert ends.reasons == []
        assert await ends.one() == "The access token has expired."

    async def test_the_clock_is_looked_at_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(term, "LOOK_SECONDS", 0.01)
        ends, clock = Ends(), [0.0]
        monkeypatch.setattr(term, "time", lambda: clock[0])
        Term(RequestContext(identity=replace(ADA, expires=1000.0)), Revocations(), ends)
        await asyncio.sleep(0.05)
        assert ends.reasons == []
        clock[0] = 1001.0
        assert await ends.one() == "The access token has expired."

    async def test_what_is_over_ends_no_more(self) -> None:
        ends, revocations = Ends(), Revocations()
        Term(RequestContext(identity=replace(ADA, expires=time() + 0.01)), revocations, ends).close()
        await asyncio.sleep(0.05)
        assert revocations.revoke("ada", "north") == 0
        assert ends.reasons == []


class TestRevocation:
    async def test_a_subject_is_revoked_with_all_it_has_opened(self) -> None:
        ends, revocations = (Ends(), Ends()), Revocations()
        for each in ends:
            Term(RequestContext(identity=ADA), revocations, each)
        assert revocations.revoke("ada", "north") == 2
        assert [await each.one() for each in ends] == ["The access token has been revoked."] * 2
        assert revocations.revoke("ada", "north") == 0

    async def test_others_go_on(self) -> None:
        ends, revocations = Ends(), Revocations()
        Term(RequestContext(identity=ADA), revocations, ends)
        assert revocations.revoke("ada", "south") == 0
        assert revocations.revoke("bob", "north") == 0
        assert revocations.revoke("ada", "north", where=lambda each: each.claims["sid"] == "s2") == 0
        assert revocations.revoke("ada", "north", where=lambda each: each.claims["sid"] == "s1") == 1
        assert len(ends.reasons) == 1

    async def test_a_tenant_is_revoked_with_all_its_subjects(self) -> None:
        revocations, north, south = Revocations(), (Ends(), Ends()), Ends()
        for each, subject in zip(north, ("ada", "bob"), strict=True):
            Term(RequestContext(identity=replace(ADA, subject=subject)), revocations, each)
        Term(RequestContext(identity=replace(ADA, tenant="south")), revocations, south)
        assert revocations.revoke(None, "north") == 2
        assert [await each.one() for each in north] == ["The access token has been revoked."] * 2
        assert south.reasons == []
        assert revocations.has_revoked(ADA, since=0)
        assert not revocations.has_revoked(replace(ADA, tenant="south"), since=0)

    async def test_an_anonymous_client_has_nothing_to_revoke(self) -> None:
        Term(RequestContext(), Revocations(), Ends()).close()


class TestLateBeginnings:
    """Identities that are revoked between their authentication and what they open."""

    @staticmethod
    def begin(revocations: Revocations, entered: int, identity: Identity = ADA) -> None:
        Term(RequestContext(identity=identity, entered=entered), revocations, Ends()).close()

    def test_who_was_authenticated_before_begins_nothing(self) -> None:
        revocations = Revocations()
        revocations.revoke("ada", "north")
        revocations.revoke("bob", "north")
        with pytest.raises(Refused, match="has been revoked") as refused:
            self.begin(revocations, 0)
        assert refused.value.status == 401

    def test_who_signs_in_anew_does(self) -> None:
        revocations = Revocations()
        revocations.revoke("ada", "north")
        self.begin(revocations, revocations.told)

    def test_others_do(self) -> None:
        revocations = Revocations()
        revocations.revoke("bob", "north")
        revocations.revoke("ada", "south")
        revocations.revoke("ada", "north", where=lambda each: each.claims["sid"] == "s1")
        self.begin(revocations, 0, replace(ADA, claims={"sid": "s2"}))
        with pytest.raises(Refused):
            self.begin(revocations, 0)

    def test_who_was_authenticated_before_all_that_is_remembered_does_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(revocation, "MOST_REMEMBERED", 2)
        revocations = Revocations()
        for _ in range(3):
            revocations.revoke("bob", "north")
        self.begin(revocations, 1)
        with pytest.raises(Refused):
            self.begin(revocations, 0)
