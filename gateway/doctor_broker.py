"""The doctor's look at the broker: reachable, TLS, MQTT 5, credentials, limits.

It connects with a client id of its own: with the gateway's, the broker would throw the running gateway out.
"""

import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.broker import tls_context
from gateway.config import reveal
from gateway.finding import Finding, Verdict, fail, ok, warn
from gateway.site import Mqtt

TIMEOUT_S = 5.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def broker(mqtt: Mqtt) -> Iterator[Finding]:
    """Look at the broker from the cable up; stop at the first thing that hides the rest."""
    place = f"{mqtt.host}:{mqtt.port}"
    try:
        cable = socket.create_connection((mqtt.host, mqtt.port), TIMEOUT_S)
    except OSError as error:
        yield fail("broker", f"{place} does not answer: {error}", "start the broker, or mend mqtt.host and mqtt.port")
        return
    yield ok("broker", f"{place} answers")
    with cable:
        if mqtt.tls:
            found = _handshake(cable, mqtt.host, tls_context(mqtt.tls))
            yield found
            if found.verdict is Verdict.FAIL:
                return
    if mqtt.tls is None and mqtt.host not in LOOPBACK:
        remedy = "add tls to mqtt in the site file and use the broker's TLS port"
        yield warn("broker TLS", "the connection crosses a network in plain text", remedy)
    yield from _session(mqtt)


def _handshake(cable: socket.socket, host: str, context: ssl.SSLContext) -> Finding:
    try:
        with context.wrap_socket(cable, server_hostname=host) as secured:
            return ok("broker TLS", str(secured.version()))
    except OSError as error:
        remedy = "check mqtt.tls.ca, the port, and that host is a name in the broker's certificate"
        return fail("broker TLS", str(error), remedy)


def _session(mqtt: Mqtt) -> Iterator[Finding]:
    """Connect as the gateway would. Raises OperatorError where the password is not where the site file says."""
    client = Client(CallbackAPIVersion.VERSION2, f"doctor-{secrets.token_hex(6)}", protocol=MQTTProtocolVersion.MQTTv5)
    client.connect_timeout = TIMEOUT_S
    answered = threading.Event()
    answer: dict[str, Any] = {}

    def on_connect(_: Client, __: Any, ___: Any, code: ReasonCode, properties: Properties | None) -> None:
        answer.update(code=code, properties=properties)
        answered.set()

    client.on_connect = on_connect
    client.username_pw_set(mqtt.username, reveal(mqtt.password) if mqtt.password else None)
    try:
        if mqtt.tls:
            client.tls_set_context(tls_context(mqtt.tls))
        client.connect(mqtt.host, mqtt.port, keepalive=mqtt.keep_alive_s)
        _pump(client, answered)
    except OSError as error:
        yield fail("broker session", str(error), "check the port: TLS and plain text have different ones")
        return
    finally:
        client.disconnect()
    yield from _judge(mqtt, answer.get("code"), answer.get("properties"))


def _pump(client: Client, answered: threading.Event) -> None:
    """Run the client's loop until the broker answered, hung up, or took too long."""
    for _ in range(int(TIMEOUT_S / 0.1)):
        if client.loop(timeout=0.1) is not MQTTErrorCode.MQTT_ERR_SUCCESS or answered.is_set():
            return


def _judge(mqtt: Mqtt, code: ReasonCode | None, properties: Properties | None) -> Iterator[Finding]:
    if code is None:
        remedy = "the gateway needs an MQTT 5 broker (mosquitto 1.6 or later); check the port too"
        yield fail("broker session", "no answer to CONNECT", remedy)
        return
    if code.is_failure:
        yield fail("broker session", f"refused: {code}", _refusal(str(code)))
        return
    yield ok("broker session", f"MQTT 5{' over TLS' if mqtt.tls else ''}, {_identity(mqtt)}")
    expiry = getattr(properties, "SessionExpiryInterval", None)
    if expiry is not None and expiry < mqtt.session_expiry_s:
        found = f"the broker keeps a session {expiry} s, the site file asks for {mqtt.session_expiry_s} s"
        yield warn("broker session expiry", found, "raise the broker's limit, or lower mqtt.session_expiry_s")
    if getattr(properties, "MaximumQoS", 2) < 1:
        yield fail(
            "broker QoS", "the broker offers QoS 0 only", "allow QoS 1 in the broker: without it messages get lost"
        )
    yield _in_flight(mqtt, getattr(properties, "ReceiveMaximum", 65_535))


def _in_flight(mqtt: Mqtt, limit: int) -> Finding:
    """A broker tells what it takes at once, and mosquitto sends no more than that either: it bounds a group commit."""
    found = f"the broker has up to {limit} messages in flight, the gateway takes {mqtt.receive_maximum}"
    if limit >= mqtt.receive_maximum:
        return ok("broker receive maximum", found)
    remedy = f"raise it in the broker (mosquitto: max_inflight_messages {mqtt.receive_maximum}); storms pass faster"
    return warn("broker receive maximum", found, remedy)


def _identity(mqtt: Mqtt) -> str:
    if mqtt.username:
        return f"as {mqtt.username}"
    return "by client certificate" if mqtt.tls and mqtt.tls.cert else "anonymous"


def _refusal(code: str) -> str:
    if "user name" in code.lower() or "authorized" in code.lower():
        return "check mqtt.username and mqtt.password against the broker's accounts"
    if "protocol" in code.lower():
        return "the gateway needs an MQTT 5 broker (mosquitto 1.6 or later)"
    return "see the broker's log for the reason"
