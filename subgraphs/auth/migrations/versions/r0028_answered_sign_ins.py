"""Sign-ins through others are kept from their answer on: what is needed until then, the browser keeps."""

from alembic.operations import Operations

revision = "0028"
down_revision = "0027"


def upgrade(op: Operations) -> None:
    for column in ("browser_hash", "sealed_proofs"):
        op.alter_column("federated_sign_ins", column, nullable=True)
