"""What an identity has opened ends with it: when it expires, and when it is revoked."""

import asyncio
from dataclasses import replace
from time import time

import pytest

from router.serve import Refused
from router.serve.access.identity import Identity
from router.serve.streams import term
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
        Term(replace(ADA, expires=time() + left), Revocations(), ends)
        assert ends.reasons == []
        assert await ends.one() == "The access token has expired."

    async def test_the_clock_is_looked_at_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(term, "LOOK_SECONDS", 0.01)
        ends, clock = Ends(), [0.0]
        monkeypatch.setattr(term, "time", lambda: clock[0])
        Term(replace(ADA, expires=1000.0), Revocations(), ends)
        await asyncio.sleep(0.05)
        assert ends.reasons == []
        clock[0] = 1001.0
        assert await ends.one() == "The access token has expired."

    async def test_what_is_over_ends_no_more(self) -> None:
        ends, revocations = Ends(), Revocations()
        Term(replace(ADA, expires=time() + 0.01), revocations, ends).close()
        await asyncio.sleep(0.05)
        assert revocations.revoke("ada", "north") == 0
        assert ends.reasons == []


class TestRevocation:
    async def test_a_subject_is_revoked_with_all_it_has_opened(self) -> None:
        ends, revocations = (Ends(), Ends()), Revocations()
        for each in ends:
            Term(ADA, revocations, each)
        assert revocations.revoke("ada", "north") == 2
        assert [await each.one() for each in ends] == ["The access token has been revoked."] * 2
        assert revocations.revoke("ada", "north") == 0

    async def test_others_go_on(self) -> None:
        ends, revocations = Ends(), Revocations()
        Term(ADA, revocations, ends)
        assert revocations.revoke("ada", "south") == 0
        assert revocations.revoke("bob", "north") == 0
        assert revocations.revoke("ada", "north", where=lambda each: each.claims["sid"] == "s2") == 0
        assert revocations.revoke("ada", "north", where=lambda each: each.claims["sid"] == "s1") == 1
        assert len(ends.reasons) == 1

    async def test_an_anonymous_client_has_nothing_to_revoke(self) -> None:
        Term(None, Revocations(), Ends()).close()
