"""The first tables.

A migration is frozen: it spells its tables out instead of importing those of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_Count = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create everything."""
    _alerts()
    _audit()
    _outbox()
    _evaluation_state()
    _devices()
    _people()


def downgrade() -> None:
    """There is nothing before the first tables; dropping them would drop the audit chain."""
    raise NotImplementedError("alerts and their audit chain are never dropped; restore a backup instead")


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("open_fingerprint", sa.Text, unique=True),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("building", sa.Text, nullable=False),
        sa.Column("raised_at", sa.Double, nullable=False),
        sa.Column("haystack", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_alert_page", "alert", ["raised_at", "id", "haystack"])
    for column in ("handling", "severity", "rule", "building"):
        op.create_index(f"ix_alert_{column}", "alert", [column, "raised_at", "id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _Count, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("ix_audit_alert", "audit", ["alert", "seq"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("sent_at", sa.Double),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index("ix_outbox_due", "outbox", ["priority", "created_at"], sqlite_where=unsent, postgresql_where=unsent)


def _evaluation_state() -> None:
    op.create_table(
        "rule_state",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "twin_shard",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("twins", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "lane_cursor",
        sa.Column("lane", sa.Text, primary_key=True),
        sa.Column("next_seq", _Count, nullable=False),
    )


def _devices() -> None:
    op.create_table(
        "stranger",
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "adopted_device",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("adopted_by", sa.Text, nullable=False),
        sa.Column("adopted_at", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
    )
    for name in ("session", "once_token"):
        op.create_table(
            name,
            sa.Column("token_hash", sa.Text, primary_key=True),
            sa.Column("username", sa.Text, sa.ForeignKey("person.username", ondelete="CASCADE"), nullable=False),
            sa.Column("expires_at", sa.Double, nullable=False),
        )
    op.create_index("ix_session_username", "session", ["username"])
