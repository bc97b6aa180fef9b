"""How a network was trained: its loss, optimiser and schedule; and tags of studies."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in recipe():
        op.add_column("experiments", column)
    op.add_column("studies", sa.Column("tags", sa.String(), server_default=sa.text("''"), nullable=False))


def recipe() -> list[sa.Column[Any]]:
    """Columns with what every experiment had before they could be chosen."""
    return [
        sa.Column("loss", sa.String(), server_default="bce", nullable=False),
        sa.Column("optimiser", sa.String(), server_default="adam", nullable=False),
        sa.Column("weight_decay", sa.Double(), server_default="0", nullable=False),
        sa.Column("schedule", sa.String(), server_default="constant", nullable=False),
        sa.Column("warmup_epochs", sa.Double(), server_default="0", nullable=False),
        sa.Column("encoder_rate_share", sa.Double(), server_default="1", nullable=False),
        sa.Column("clip_norm", sa.Double(), server_default="0", nullable=False),
        sa.Column("batch_parts", sa.Integer(), server_default="1", nullable=False),
    ]
