"""What the API needs for emergency plans and cases. Methods raise KeyError or Unavailable."""

from pathlib import Path
from typing import Any, Protocol

from alert_rules.alert import Alert


class File(Protocol):
    """One file of evidence."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def path(self) -> Path: ...


class Archive(Protocol):
    """The archive of a case; ``digest`` is its manifest's SHA-256."""

    @property
    def data(self) -> bytes: ...
    @property
    def digest(self) -> str: ...


class Plans(Protocol):
    """Emergency plans, as the API shows them."""

    def known(self) -> list[dict[str, Any]]: ...

    async def of(self, alert_id: str) -> dict[str, Any]: ...

    async def start(self, alert_id: str, plan: str, actor: str) -> dict[str, Any]:
        """Also raises Conflict."""

    async def done(self, alert_id: str, plan: str, step: str, note: str, actor: str) -> dict[str, Any]:
        """Also raises IllegalMove."""


class Cases(Protocol):
    """Evidence, archives and reviews."""

    async def evidence(self, alert_id: str) -> dict[str, Any]: ...

    async def file(self, alert_id: str, file_id: str, actor: str, note: bool) -> File: ...

    async def export(self, alert_id: str, actor: str, with_faces: bool) -> Archive: ...

    async def reviews(self, buildings: tuple[str, ...]) -> dict[str, list[Alert]]: ...
