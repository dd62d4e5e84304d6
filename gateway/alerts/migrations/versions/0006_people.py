"""What people may see and how they are reached; small records that people make."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("person", sa.Column("buildings", sa.Text, nullable=False, server_default="[]"))
    op.add_column("person", sa.Column("contacts", sa.Text, nullable=False, server_default="[]"))
    op.add_column("person", sa.Column("active", sa.Integer, nullable=False, server_default="1"))
    op.create_table(
        "kept",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Everybody works for every building again; rota and bookings are gone."""
    op.drop_table("kept")
    for name in ("active", "contacts", "buildings"):
        op.drop_column("person", name)
