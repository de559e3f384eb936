"""Data keys: what a tenant's secret and personal fields are encrypted with.

Each tenant has keys of its own in each subgraph, numbered by version; they are kept beside its rows, wrapped by a
master key that no database holds. Without them the fields are noise: to destroy them is to destroy all that they
encrypt.

    class Provider(Model):
        client_secret: Mapped[Protected] = mapped_column(ProtectedText)

    ring = await data_keys.of(session, sealing=True)
    provider.client_secret = ring.seal(Provider.client_secret, provider.id, "s3cret")
    ring.open(Provider.client_secret, provider.id, provider.client_secret)
"""

from shared.data_keys.columns import Protected, ProtectedText
from shared.data_keys.master import LocalMasterKey, MasterKey
from shared.data_keys.rings import DataKeys, DataShredded, KeyRing

__all__ = ["DataKeys", "DataShredded", "KeyRing", "LocalMasterKey", "MasterKey", "Protected", "ProtectedText"]
