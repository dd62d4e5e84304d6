"""Makes archives without a running gateway, or beside it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from devices.registry import Device
from gateway.alerts import rows, schema
from gateway.alerts.database import reading
from gateway.alerts.store import AlertStore
from gateway.api.views import alert_view
from gateway.cases.blurring import blur
from gateway.cases.collect import Collector, Series
from gateway.cases.export import Exporter
from gateway.config import registry_of
from gateway.history.store import Unavailable, open_store
from gateway.ledger import existing_store
from gateway.plans.shelf import PlanShelf
from gateway.site import Site


@contextmanager
def exporting(site: Site) -> Iterator[tuple[Exporter, AlertStore]]:
    """What makes archives of the alerts of ``site``, and its store.

    Raises:
        OperatorError: there is no database, or it refuses.
    """
    with ExitStack() as stack:
        store = stack.enter_context(existing_store(site))
        registry = registry_of(site)
        with reading(store.engine) as connection:
            for body in connection.scalars(select(schema.adopted_device.c.body)):
                if registry.get((device := rows.to_device(body)).id) is None:
                    registry.add(device)
        try:
            history = open_store(site.history, Path(site.data_dir), registry, site.site.id)
            query = stack.enter_context(closing(history)).query
        except Unavailable as error:
            query = partial(_away, str(error))
        shelf = PlanShelf(store.engine)
        view = partial(alert_view, saved=True)
        collector = Collector(store, query, registry, Path(site.data_dir) / "evidence", view)

        def checklists(alert: str) -> list[dict[str, Any]]:
            return [msgspec.to_builtins(each) for each in shelf.of(alert)]

        yield Exporter(store, collector, blur, checklists), store


def _away(why: str, _device: Device, _start: float, _end: float, _every_s: float) -> Series:
    raise Unavailable(why)
