"""From an outbox to an effect: nothing is lost, nothing is done twice."""

from tests.shared.events.bus import Bus, eventually, running


class TestDelivery:
    async def test_a_recorded_event_is_handled(self, bus: Bus) -> None:
        async with running(bus.relay().run(), bus.consumer().run()):
            await bus.write("hello")

            async def handled() -> bool:
                return await bus.noted() == ["hello"]

            await eventually(handled)
        assert await bus.unpublished() == 0
        assert await bus.noted(tenant=1) == []
