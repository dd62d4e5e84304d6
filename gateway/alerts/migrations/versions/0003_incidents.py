"""Alerts that people work as one. Every alert there is becomes an incident of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the incident of each alert."""
    op.add_column("alert", sa.Column("incident", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE alert SET incident = id")
    op.create_index("ix_alert_incident", "alert", ["incident", "raised_at", "id"])


def downgrade() -> None:
    """Forget which alerts were one."""
    op.drop_index("ix_alert_incident", "alert")
    op.drop_column("alert", "incident")
