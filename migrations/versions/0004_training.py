"""How a training goes: what is frozen until when, averaged weights, an early stop, gathered gradients; and folds."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in training():
        op.add_column("experiments", column)


def training() -> list[sa.Column[Any]]:
    """Columns with what every experiment had before they could be chosen."""
    return [
        sa.Column("freeze_until", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unfreeze_at", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ema_decay", sa.Double(), server_default="0", nullable=False),
        sa.Column("patience", sa.Integer(), server_default="0", nullable=False),
        sa.Column("keep", sa.String(), server_default="last", nullable=False),
        sa.Column("accumulate", sa.Integer(), server_default="1", nullable=False),
        sa.Column("folds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fold", sa.Integer(), server_default="0", nullable=False),
    ]
