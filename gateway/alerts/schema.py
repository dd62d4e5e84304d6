"""The tables. Whole records are kept as JSON in ``body``; a column stands beside it where a query needs one."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

metadata = MetaData()

Count = BigInteger().with_variant(Integer, "sqlite")


class AnyText(TypeDecorator[str]):
    """Text that may hold any character. PostgreSQL refuses U+0000: it is kept as ``\\0``, and ``\\`` as ``\\\\``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or ("\\" not in value and "\0" not in value):
            return value
        return value.replace("\\", "\\\\").replace("\0", "\\0")

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if not isinstance(value, str) or "\\" not in value:
            return value
        return "\\".join(part.replace("\\0", "\0") for part in value.split("\\\\"))


alert = Table(
    "alert",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("open_fingerprint", AnyText, unique=True),
    Column("handling", AnyText, nullable=False),
    Column("severity", AnyText, nullable=False),
    Column("rule", AnyText, nullable=False),
    Column("building", AnyText, nullable=False),
    Column("incident", AnyText, nullable=False),
    Column("raised_at", Double, nullable=False),
    Column("haystack", AnyText, nullable=False),
    Column("text_key", Count, nullable=False, server_default="0"),
    Column("review_due", Double),
    Column("body", Text, nullable=False),
    Index("ix_alert_page", "raised_at", "id"),
    Index("ix_alert_text", "text_key", "raised_at", "id"),
    Index("ix_alert_handling", "handling", "raised_at", "id"),
    # The other filters ride in the index: a rare combination then never touches the wide rows.
    Index("ix_alert_severity", "severity", "raised_at", "id", "rule", "building"),
    Index("ix_alert_rule", "rule", "raised_at", "id", "severity", "building"),
    Index("ix_alert_building", "building", "raised_at", "id", "severity", "rule"),
    Index("ix_alert_incident", "incident", "raised_at", "id"),
    Index("ix_alert_review_due", "review_due"),
)

# What a search looks through: a site has far fewer devices than alerts, so each text is kept once.
alert_text = Table(
    "alert_text",
    metadata,
    Column("key", Count, primary_key=True, autoincrement=False),
    Column("text", AnyText, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Count, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", AnyText, nullable=False),
    Column("action", AnyText, nullable=False),
    Column("alert", AnyText, nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_alert", "alert", "seq"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("alert", AnyText, nullable=False),
    Column("channel", AnyText, nullable=False),
    Column("stage", AnyText, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("payload", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("last_error", AnyText),
    Column("sent_at", Double),
    Index("ix_outbox_alert", "alert", "created_at"),
    Index(
        "ix_outbox_due",
        "priority",
        "created_at",
        sqlite_where=text("sent_at IS NULL"),
        postgresql_where=text("sent_at IS NULL"),
    ),
)

rule_state = Table(
    "rule_state",
    metadata,
    Column("rule", AnyText, primary_key=True),
    Column("device", AnyText, primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

twin_shard = Table(
    "twin_shard",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("twins", LargeBinary, nullable=False),
)

lane_cursor = Table(
    "lane_cursor",
    metadata,
    Column("lane", AnyText, primary_key=True),
    Column("next_seq", Count, nullable=False),
)

dialect_memory = Table(
    "dialect_memory",
    metadata,
    Column("dialect", AnyText, primary_key=True),
    Column("key", AnyText, primary_key=True),
    Column("memory", LargeBinary, nullable=False),
)

stranger = Table(
    "stranger",
    metadata,
    Column("device", AnyText, primary_key=True),
    Column("body", Text, nullable=False),
)

adopted_device = Table(
    "adopted_device",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("adopted_by", AnyText, nullable=False),
    Column("adopted_at", Double, nullable=False),
    Column("body", Text, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("ends_at", Double, nullable=False),
    Column("body", AnyText, nullable=False),
    Index("ix_suppression_ends_at", "ends_at"),
)

likelihood = Table(
    "likelihood",
    metadata,
    Column("quarter", AnyText, primary_key=True),
    Column("body", AnyText, nullable=False),
)

checklist = Table(
    "checklist",
    metadata,
    Column("alert", AnyText, primary_key=True),
    Column("plan", AnyText, primary_key=True),
    Column("running", Integer, nullable=False),
    Column("body", AnyText, nullable=False),
    Index("ix_checklist_running", "running"),
)

escalation = Table(
    "escalation",
    metadata,
    Column("alert", AnyText, primary_key=True),
    Column("body", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("username", AnyText, primary_key=True),
    Column("name", AnyText, nullable=False),
    Column("role", AnyText, nullable=False),
    Column("language", AnyText, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("buildings", AnyText, nullable=False, server_default="[]"),
    Column("contacts", AnyText, nullable=False, server_default="[]"),
    Column("active", Integer, nullable=False, server_default="1"),
)

kept = Table(
    "kept",
    metadata,
    Column("kind", AnyText, primary_key=True),
    Column("id", AnyText, primary_key=True),
    Column("body", AnyText, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("username", AnyText, ForeignKey("person.username", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("ix_session_username", "username"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("name", AnyText, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("buildings", AnyText, nullable=False),
    Column("created_by", AnyText, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("last_used_at", Double),
)

once_token = Table(
    "once_token",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("username", AnyText, ForeignKey("person.username", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Double, nullable=False),
)
