"""HTTPS from the gateway itself: a real handshake with a certificate of our own."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest
import uvicorn

from gateway.errors import OperatorError
from gateway.listen import listen, server_tls
from gateway.site import Api


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, str]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return {"cert": str(cert), "key": str(key)}


async def _hello(_scope: object, _receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


@pytest.mark.parametrize(
    ("newest", "works"), [(ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True), (None, False)]
)
async def test_browsers_get_tls_1_2_or_newer_and_nothing_else(
    pair: dict[str, str], newest: ssl.TLSVersion | None, works: bool
) -> None:
    listener = listen("127.0.0.1", 0)
    listener.listen()
    options = server_tls(Api.model_validate({"tls": pair}))
    server = uvicorn.Server(uvicorn.Config(_hello, log_config=None, lifespan="off", **options))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        answer = await _ask(listener.getsockname()[1], pair["cert"], newest)
        assert answer.startswith(b"HTTP/1.1 204") == works
    finally:
        server.should_exit = True
        await serving


async def _ask(port: int, cert: str, newest: ssl.TLSVersion | None) -> bytes:
    context = None
    if newest is not None:
        context = ssl.create_default_context(cafile=cert)
        context.maximum_version = newest
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def test_without_tls_there_is_none() -> None:
    assert server_tls(Api()) == {}
    assert not Api().https


def test_with_tls_the_cookie_is_secure(pair: dict[str, str]) -> None:
    assert Api.model_validate({"tls": pair}).https
    assert Api(secure_cookie=True).https


def test_a_certificate_that_does_not_load_says_what_to_do(pair: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for changed in ({"cert": str(broken)}, {"key": str(tmp_path / "missing.pem")}):
        with pytest.raises(OperatorError, match=r"api\.tls: the certificate does not load: .*check cert and key"):
            server_tls(Api.model_validate({"tls": pair | changed}))
