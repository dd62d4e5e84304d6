"""What people mute, and how likely the alerts of each rule proved to be true."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "suppression",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("ends_at", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_suppression_ends_at", "suppression", ["ends_at"])
    op.create_table(
        "likelihood",
        sa.Column("quarter", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Nothing is muted any more; the audit chain remembers what was."""
    op.drop_table("likelihood")
    op.drop_table("suppression")
