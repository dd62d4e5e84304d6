"""Channels: messages for people by apprise (WeCom, DingTalk, Feishu, mail and many more), events for programs."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from gateway.broker import Broker
from gateway.errors import OperatorError
from gateway.notify.cloudevents import source_of
from gateway.notify.mqtt import MqttTopic
from gateway.notify.ports import Endpoint, Reveal, Undelivered
from gateway.notify.routing import SEVERITIES, severity_rank
from gateway.notify.scrub import ERROR_LIMIT, Scrub, complaints
from gateway.notify.templates import Text, render
from gateway.notify.webhook import Webhook
from gateway.site import Channel, SiteInfo

LOOKS = {"critical": "failure", "major": "warning", "minor": "info", "notice": "info"}


class AppriseChannel:
    """One channel of the site file. The address is read anew for each message, so a changed secret needs no restart."""

    def __init__(self, channel: Channel, reveal: Reveal, scrub: Scrub, site: str, zone: ZoneInfo) -> None:
        self.per_minute = channel.per_minute
        self._channel = channel
        self._reveal = reveal
        self._scrub = scrub
        self._site = site
        self._zone = zone

    def deliver(self, stage: str, alert: Mapping[str, Any], key: str) -> str:
        """Send; see ``Endpoint``."""
        text = render(alert, stage, self._channel.language, self._site, self._zone)
        return self.say(text, LOOKS[SEVERITIES[severity_rank(alert)]], key)

    def say(self, text: Text, look: str, key: str) -> str:
        """Send a text; ``look`` is how grave it shall look, by apprise's words. Raises as ``deliver`` does."""
        url = self._address()
        self._scrub.learn(url)
        try:
            with complaints() as reasons:
                confirmed = _send(url, text, look, key)
        except Exception as error:
            # Whatever a plugin lets escape: its text may hold the address, and a chained cause would carry it along.
            raise self._undelivered([f"{type(error).__name__}: {error}"]) from None
        if not confirmed:
            raise self._undelivered(reasons)
        return "the service confirmed"

    def _address(self) -> str:
        assert self._channel.url is not None  # noqa: S101 - the site file's model saw to it
        try:
            return self._reveal(self._channel.url).strip()
        except (OperatorError, OSError, KeyError) as error:
            raise Undelivered(f"channel {self._channel.name}: its address cannot be read: {error}") from None

    def _undelivered(self, reasons: Sequence[str]) -> Undelivered:
        why = self._scrub.text(" ".join(" ".join(reasons).split())) or "the service did not confirm and gave no reason"
        return Undelivered(f"channel {self._channel.name}: {why}"[:ERROR_LIMIT])


def _send(url: str, text: Text, look: str, key: str) -> bool:
    import apprise

    sender = apprise.Apprise()
    if not sender.add(url):
        raise ValueError("the address is not one that apprise understands; see docs/deploy.md")
    for service in sender:
        # Mail, and web services that take headers. A mail's Message-ID is apprise's own and new at every attempt.
        headers = getattr(service, "headers", None)
        if isinstance(headers, dict):
            headers["Idempotency-Key"] = key
    return bool(sender.notify(body=text.body, title=text.title, notify_type=look, body_format="text"))


def open_channels(channels: Sequence[Channel], reveal: Reveal, site: SiteInfo, broker: Broker) -> dict[str, Endpoint]:
    """Make the site file's channels ready. Nothing is read or contacted before the first message."""
    scrub = Scrub()
    scrub.install()
    source = source_of(site.id)

    def endpoint(channel: Channel) -> Endpoint:
        if channel.kind == "webhook":
            return Webhook(channel, reveal, scrub, source)
        if channel.kind == "mqtt":
            return MqttTopic(channel, broker, channel.topic or f"community-gateway/{site.id}/cloudevents", source)
        return AppriseChannel(channel, reveal, scrub, site.name, ZoneInfo(site.timezone))

    return {channel.name: endpoint(channel) for channel in channels}
