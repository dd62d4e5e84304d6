"""The gateway's Prometheus metrics, declared once; ``docs/metrics.md`` lists them from here."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """All metrics on a registry of their own, so that two gateways in one process do not share counts."""

    def __init__(self) -> None:
        r = self.registry = CollectorRegistry()
        self.received = Counter("gateway_messages_received", "MQTT messages received", ["lane"], registry=r)
        self.rejected = Counter("gateway_messages_rejected", "messages refused, by reason", ["reason"], registry=r)
        self.commit_seconds = Histogram(
            "gateway_journal_commit_seconds",
            "time of one group commit",
            registry=r,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
        )
        self.journal_head = Gauge("gateway_journal_head", "next sequence of the journal", ["lane"], registry=r)
        self.journal_damaged = Gauge("gateway_journal_damaged", "messages set aside as damaged", ["lane"], registry=r)
        self.lag = Gauge("gateway_cursor_lag", "messages a consumer is behind", ["consumer", "lane"], registry=r)
        self.reports = Counter("gateway_reports", "reports judged", ["lane"], registry=r)
        self.duplicates = Gauge("gateway_reports_duplicate", "reports recognised as redelivered", registry=r)
        self.rule_failures = Counter("gateway_rule_failures", "reports on which a rule failed", registry=r)
        self.alerts_open = Gauge("gateway_alerts_open", "open alerts", ["severity"], registry=r)
        self.alerts_inhibited = Gauge(
            "gateway_alerts_inhibited", "open alerts that call nobody because another one explains them", registry=r
        )
        self.alerts_suppressed = Gauge(
            "gateway_alerts_suppressed",
            "open alerts that call nobody because people, or flapping, muted them",
            ["by"],
            registry=r,
        )
        self.escalations_repaired = Counter(
            "gateway_escalations_repaired", "open alerts found without a step ahead and set right", registry=r
        )
        self.reviews = Gauge(
            "gateway_reviews", "reviews due and overdue, and cases open beyond 72 hours", ["state"], registry=r
        )
        self.anchors_failed = Gauge(
            "gateway_anchors_failed", "times the audit chain's end could not be noted outside", registry=r
        )
        self.alerts_raised = Counter("gateway_alerts_raised", "alerts opened", ["rule"], registry=r)
        self.history_written = Gauge("gateway_history_written", "points the history store took", registry=r)
        self.history_bad = Gauge("gateway_history_bad_points", "points the history store refused", registry=r)
        self.connected = Gauge("gateway_mqtt_connected", "1 while the session is up", ["lane"], registry=r)
        self.outbox = Gauge("gateway_outbox_pending", "notifications not yet delivered", registry=r)
        self.alert_seconds = Histogram(
            "gateway_alert_seconds",
            "from receipt of the message to the alert being saved and shown",
            registry=r,
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 3, 10),
        )
