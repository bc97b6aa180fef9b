"""How a training goes: what is frozen until when, averaged weights, an early stop, gathered gradients, folds; and
metrics of other packages."""

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
    op.create_table(
        "plugin_metrics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("better", sa.String(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name="fk_plugin_metrics_evaluation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_plugin_metrics"),
        sa.UniqueConstraint("evaluation_id", "name", name="uq_plugin_metrics_evaluation_id_name"),
    )
    op.create_table(
        "plugin_scores",
        sa.Column("metric_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["metric_id"], ["plugin_metrics.id"], name="fk_plugin_scores_metric_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("metric_id", "image_id", name="pk_plugin_scores"),
    )


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
