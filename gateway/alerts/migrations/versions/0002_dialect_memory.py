"""What dialects learned of devices that say it once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "dialect_memory",
        sa.Column("dialect", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("memory", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Devices say it again after their own restart."""
    op.drop_table("dialect_memory")
