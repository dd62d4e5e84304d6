"""From the site file's ``mqtt`` section to session options."""

import ssl

from devices.dialects.dialect import Lane
from gateway.config import reveal
from gateway.errors import OperatorError
from gateway.ingest.mqtt import SessionOptions
from gateway.site import Mqtt, Tls

RECEIVE_SHARE = {Lane.ALARM: 4, Lane.TELEMETRY: 1}


def session_options(mqtt: Mqtt, lane: Lane, filters: dict[str, Lane]) -> SessionOptions:
    """Build the options of one lane's session.

    Raises:
        OperatorError: a certificate or the password cannot be read.
    """
    return SessionOptions(
        host=mqtt.host,
        port=mqtt.port,
        client_id=f"{mqtt.client_id}-{lane}",
        filters=tuple(f for f, of in filters.items() if of is lane),
        username=mqtt.username,
        password=reveal(mqtt.password).encode() if mqtt.password else None,
        tls=tls_context(mqtt.tls) if mqtt.tls else None,
        session_expiry_s=mqtt.session_expiry_s,
        keep_alive_s=mqtt.keep_alive_s,
        receive_maximum=max(1, mqtt.receive_maximum // RECEIVE_SHARE[lane]),
    )


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Build a client context: TLS 1.2 or newer, server name checked.

    Raises:
        OperatorError: a certificate file does not load.
    """
    try:
        context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls.cert:
            context.load_cert_chain(str(tls.cert), str(tls.key) if tls.key else None)
    except OSError as error:
        raise OperatorError("mqtt.tls", f"a certificate does not load: {error}", "check ca, cert and key") from None
    return context
