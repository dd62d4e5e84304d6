"""Builds the decoder a site needs: its dialects, its zone, and the key that hides its people's credentials."""

import secrets
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.decode import NATIVE, Decoder
from devices.dialects.dialect import Context
from devices.registry import Registry
from gateway.config import reveal
from gateway.errors import OperatorError
from gateway.site import Site

KEY_FILE = "pseudonym.key"


def decoder_of(site: Site, registry: Registry) -> Decoder:
    """Build the decoder of ``site``.

    Raises:
        OperatorError: the key of the pseudonyms cannot be read or made.
    """
    context = Context(zone=ZoneInfo(site.site.timezone), key=pseudonym_key(site), keep_plates=site.keep_plates)
    return Decoder(registry, site.site.id, {**NATIVE, **site.dialects}, context)


def pseudonym_key(site: Site) -> bytes:
    """Only vendor dialects carry credentials; a site without them needs no key."""
    if site.pseudonym_key:
        return reveal(site.pseudonym_key).encode()
    return made_key(Path(site.data_dir) / KEY_FILE) if site.dialects else b""


def made_key(path: Path) -> bytes:
    """The key in the file at ``path``, made at the first use.

    Raises:
        OperatorError: it cannot be read or made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(secrets.token_bytes(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise OperatorError(str(path), f"cannot be made: {error.strerror}", "check who may write data_dir") from None
    return path.read_bytes()
