"""The messages of an alert are found without looking through all of them."""

from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_outbox_alert", "outbox", ["alert", "created_at"])


def downgrade() -> None:
    """The messages themselves stay."""
    op.drop_index("ix_outbox_alert", "outbox")
