"""What goes wrong with a camera or a recording, in words for the operator."""

from urllib.parse import urlsplit


class CameraError(Exception):
    """Names the place, the cause and the remedy; never a password."""

    def __init__(self, place: str, cause: str, remedy: str) -> None:
        super().__init__(place, cause, remedy)
        self.place = place
        self.cause = cause
        self.remedy = remedy
        self.partial: dict[str, object] | None = None
        """What was found before it went wrong."""

    def lines(self) -> list[str]:
        """What the command line prints."""
        return [f"error: {self.place}", f"cause: {self.cause}", f"remedy: {self.remedy}"]

    def __str__(self) -> str:
        return f"{self.place}: {self.cause}; {self.remedy}"


def shown(address: str) -> str:
    """An address fit for logs: scheme, host and port only, since cameras put passwords into paths and queries too."""
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "unreadable address"
    if parts.scheme == "file":
        return parts.path
    host = parts.hostname or "?"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
