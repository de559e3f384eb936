"""What the tables of the auth subgraph have in common."""

from shared.data_keys.store import data_keys_table
from shared.database import Base, subgraph_metadata
from shared.departures import departures_table
from shared.events.inbox import inbox_table
from shared.events.outbox import outbox_table
from shared.idempotency import idempotency_table


class Model(Base):
    __abstract__ = True
    metadata = subgraph_metadata()


outbox_table(Model.metadata)
inbox_table(Model.metadata)
idempotency_table(Model.metadata)
departures_table(Model.metadata)
data_keys_table(Model.metadata)
