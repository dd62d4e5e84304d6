"""Each text that a search looks through once; filters that ride in the indexes."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

_Count = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_BEFORE: dict[str, tuple[str, ...]] = {
    "page": ("raised_at", "id", "haystack"),
    "severity": ("severity", "raised_at", "id"),
    "rule": ("rule", "raised_at", "id"),
    "building": ("building", "raised_at", "id"),
}
_AFTER: dict[str, tuple[str, ...]] = {
    "page": ("raised_at", "id"),
    "text": ("text_key", "raised_at", "id"),
    "severity": ("severity", "raised_at", "id", "rule", "building"),
    "rule": ("rule", "raised_at", "id", "severity", "building"),
    "building": ("building", "raised_at", "id", "severity", "rule"),
}


def upgrade() -> None:
    """Gather the texts of the alerts there are."""
    table = op.create_table(
        "alert_text",
        sa.Column("key", _Count, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.add_column("alert", sa.Column("text_key", _Count, nullable=False, server_default="0"))
    op.create_index("ix_alert_haystack", "alert", ["haystack"])
    bind = op.get_bind()
    for (stored,) in bind.execute(sa.text("SELECT DISTINCT haystack FROM alert")).fetchall():
        key = _key(stored)
        bind.execute(sa.insert(table).values(key=key, text=stored))
        bind.execute(sa.text("UPDATE alert SET text_key = :key WHERE haystack = :text"), {"key": key, "text": stored})
    op.drop_index("ix_alert_haystack", "alert")
    _exchange(_BEFORE, _AFTER)


def downgrade() -> None:
    """Look through every alert again."""
    _exchange(_AFTER, _BEFORE)
    op.drop_column("alert", "text_key")
    op.drop_table("alert_text")


def _key(stored: str) -> int:
    """The key of a text as it stands in the database, where NUL and backslash are escaped."""
    text = "\\".join(part.replace("\\0", "\0") for part in stored.split("\\\\"))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _exchange(old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]]) -> None:
    for name in old:
        op.drop_index(f"ix_alert_{name}", "alert")
    for name, columns in new.items():
        op.create_index(f"ix_alert_{name}", "alert", list(columns))
