"""When a review was told and reached nobody, so that it is not reckoned anew each minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Forward only."""
    op.add_column("told_reviews", sa.Column("tried_at", UtcDateTime(), nullable=True))
