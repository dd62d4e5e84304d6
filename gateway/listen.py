"""The console's listening socket, and its TLS."""

import socket
import ssl
from typing import Any

from gateway.errors import OperatorError
from gateway.site import Api


def listen(host: str, port: int) -> socket.socket:
    """Bind the API's address.

    Raises:
        OperatorError: it is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OperatorError(
            f"api.host, api.port: {host}:{port}", f"cannot listen: {error.strerror}", "choose another port"
        ) from None
    return listener


def server_tls(api: Api) -> dict[str, Any]:
    """What uvicorn needs to serve HTTPS, TLS 1.2 or newer; nothing without ``api.tls``.

    Raises:
        OperatorError: certificate and key do not load.
    """
    if api.tls is None:
        return {}
    cert, key = str(api.tls.cert), str(api.tls.key)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(cert, key, password="")
    except OSError as error:
        cause = f"the certificate does not load: {error.strerror or error}"
        raise OperatorError("api.tls", cause, "check cert and key; a key with a passphrase cannot be used") from None
    return {"ssl_context_factory": lambda _config, _default: context}
