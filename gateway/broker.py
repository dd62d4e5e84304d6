"""How to reach the broker besides the sessions that listen: what those who publish are given."""

import ssl

from msgspec import Struct

from gateway.config import reveal
from gateway.errors import OperatorError
from gateway.site import Mqtt, Tls


class Broker(Struct, frozen=True):
    """The broker's address and our account there. ``client_id`` is the stem that every connection adds its name to."""

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    keep_alive_s: int = 10


def broker_of(mqtt: Mqtt) -> Broker:
    """Read the site file's ``mqtt`` section.

    Raises:
        OperatorError: a certificate or the password cannot be read.
    """
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        client_id=mqtt.client_id,
        username=mqtt.username,
        password=reveal(mqtt.password) if mqtt.password else None,
        tls=tls_context(mqtt.tls) if mqtt.tls else None,
        keep_alive_s=mqtt.keep_alive_s,
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
