"""The console's listening socket."""

import socket

from gateway.errors import OperatorError


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
