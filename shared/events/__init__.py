"""Events: recorded with their cause, published by the relay, handled by consumers; and the hub that wakes who waits."""

from shared.events.event import Event
from shared.events.handler import Handler, Handlers, acknowledgement_of
from shared.events.hub import Hub, Subscription, Wake
from shared.events.outbox import record

__all__ = ["Event", "Handler", "Handlers", "Hub", "Subscription", "Wake", "acknowledgement_of", "record"]
