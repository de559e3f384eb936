"""Apps may be returned to once somebody has signed out."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0018"
down_revision = "0017"


def upgrade(op: Operations) -> None:
    uris = sa.Column("post_logout_redirect_uris", ARRAY(sa.Text), nullable=False, server_default="{}")
    op.add_column("oauth_apps", uris)
