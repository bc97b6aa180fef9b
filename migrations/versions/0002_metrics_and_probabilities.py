"""Every metric, evaluations after the run, the distribution of probabilities, and the images of each dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

METRICS = (
    "sensitivity",
    "specificity",
    "accuracy",
    "precision",
    "thresholded_iou",
    "boundary_iou",
    "hausdorff95_px",
)


def upgrade() -> None:
    for table in ("evaluations", "image_scores"):
        for metric in METRICS:
            op.add_column(table, sa.Column(metric, sa.Double(), nullable=True))
    op.add_column("epochs", sa.Column("gradient_norm", sa.Double(), nullable=True))
    op.add_column("evaluations", sa.Column("final", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("evaluations", sa.Column("seen_in_training", sa.Integer(), nullable=True))
    op.add_column("experiments", sa.Column("threshold_rule", sa.String(), server_default="fixed", nullable=False))
    op.add_column("experiments", sa.Column("data_seed", sa.BigInteger(), nullable=True))
    op.add_column("experiments", sa.Column("precision", sa.String(), server_default="fp32", nullable=False))
    op.add_column("experiments", sa.Column("compile", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "experiments", sa.Column("predictions_sha256", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.create_table(
        "dataset_images",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("image_id", sa.String(), nullable=False),
        sa.Column("image_sha256", sa.String(), nullable=False),
        sa.Column("perceptual_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_images_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "split", "image_id", name="pk_dataset_images"),
    )
    op.create_table(
        "probabilities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("dataset_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("positives", sa.JSON(), nullable=False),
        sa.Column("negatives", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_probabilities_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_probabilities"),
        sa.UniqueConstraint(
            "run_id", "split", "dataset_fingerprint", name="uq_probabilities_run_id_split_dataset_fingerprint"
        ),
    )
    op.create_table(
        "threshold_scores",
        sa.Column("probability_id", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("iou", sa.Double(), nullable=True),
        sa.Column("dice", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["probability_id"], ["probabilities.id"], name="fk_threshold_scores_probability_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("probability_id", "threshold", name="pk_threshold_scores"),
    )
