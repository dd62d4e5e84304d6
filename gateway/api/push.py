"""What devices push by HTTP because they speak no MQTT. A token per maker opens the door; no session counts here."""

import base64
import binascii
import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from gateway.api.context import InPorts, Ports
from gateway.api.security import GuardedRoute

router = APIRouter(route_class=GuardedRoute, tags=["push"])

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


@router.post("/push/hikvision", response_class=PlainTextResponse, responses={401: {}, 413: {}, 503: {}})
async def push_hikvision(request: Request, ports: InPorts) -> Response:
    """An event notification of ``?device=SERIAL``, JSON, XML or multipart; answered after its commit."""
    return await _take(request, ports, "hikvision", "device")


@router.post("/push/zkteco", response_class=PlainTextResponse, responses={401: {}, 413: {}, 503: {}})
async def push_zkteco(request: Request, ports: InPorts) -> Response:
    """Records of the terminal ``?SN=SERIAL``; answered with OK, as the protocol wants it, after their commit."""
    return await _take(request, ports, "zkteco", "SN")


async def _take(request: Request, ports: Ports, maker: str, parameter: str) -> Response:
    if not ports.pushes.accepts(maker, token_of(request)):
        detail = f"give the token of push.{maker} in the site file, as bearer, as the password, or as ?token="
        raise HTTPException(401, detail, {"WWW-Authenticate": 'Basic realm="push"'})
    device = request.query_params.get(parameter, "")
    if not _NAME.fullmatch(device):
        raise HTTPException(422, f"query.{parameter}: name the device by its serial number")
    base = str(ports.site.dialects.get(maker, {}).get("base", maker)).rstrip("/")
    await ports.pushes.push(f"{base}/{device}/push", await request.body())
    return PlainTextResponse("OK")


def token_of(request: Request) -> str:
    """Find the token; terminals differ in what they can be told to send."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return request.query_params.get("token", "")
