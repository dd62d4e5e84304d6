"""Checklists of emergency plans, and when the review of a resolved alert is due."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table and the column. Alerts resolved before are not asked about after the fact."""
    op.create_table(
        "checklist",
        sa.Column("alert", sa.Text, primary_key=True),
        sa.Column("plan", sa.Text, primary_key=True),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_checklist_running", "checklist", ["running"])
    op.add_column("alert", sa.Column("review_due", sa.Double))
    op.create_index("ix_alert_review_due", "alert", ["review_due"])


def downgrade() -> None:
    """Started plans are gone; the audit chain remembers them."""
    op.drop_index("ix_alert_review_due", "alert")
    op.drop_column("alert", "review_due")
    op.drop_table("checklist")
