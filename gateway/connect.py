"""From the site file's ``mqtt`` section to session options."""

from devices.dialects.dialect import Lane
from gateway.broker import broker_of
from gateway.ingest.mqtt import SessionOptions
from gateway.site import Mqtt

RECEIVE_SHARE = {Lane.ALARM: 4, Lane.TELEMETRY: 1}


def session_options(mqtt: Mqtt, lane: Lane, filters: dict[str, Lane]) -> SessionOptions:
    """Build the options of one lane's session.

    Raises:
        OperatorError: a certificate or the password cannot be read.
    """
    broker = broker_of(mqtt)
    return SessionOptions(
        host=broker.host,
        port=broker.port,
        client_id=f"{broker.client_id}-{lane}",
        filters=tuple(f for f, of in filters.items() if of is lane),
        username=broker.username,
        password=broker.password.encode() if broker.password is not None else None,
        tls=broker.tls,
        session_expiry_s=mqtt.session_expiry_s,
        keep_alive_s=broker.keep_alive_s,
        receive_maximum=max(1, mqtt.receive_maximum // RECEIVE_SHARE[lane]),
    )
