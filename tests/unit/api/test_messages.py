"""Who was told of an alert, over HTTP."""

from gateway.alerts.people import Role
from gateway.alerts.records import OutboxRow
from tests.unit.api.world import World, make_alert

SMOKE = make_alert().id


def row(channel: str, stage: str = "raised", **changes: object) -> OutboxRow:
    fields = {"id": f"{SMOKE}:{channel}:{stage}", "alert": SMOKE, "channel": channel, "stage": stage, "payload": {}}
    return OutboxRow(**{**fields, "created_at": 100.0, "next_at": 100.0, **changes})  # type: ignore[arg-type]


async def test_each_message_says_how_far_it_came(world: World) -> None:
    world.desk.told[SMOKE] = [
        row("guards", sent_at=101.5, attempts=1),
        row("mail", "level1-1", attempts=2, next_at=130.0, last_error="channel mail: refused"),
    ]
    async with world.client(Role.VIEWER) as client:
        response = await client.get(f"/api/alerts/{SMOKE}/messages")
    assert response.status_code == 200
    sent = {"channel": "guards", "stage": "raised", "attempts": 2, "sent_at": 101.5, "next_at": None}
    waits = {"channel": "mail", "stage": "level1-1", "attempts": 2, "sent_at": None, "next_at": 130.0}
    assert response.json()["items"] == [
        sent | {"queued_at": 100.0, "last_error": None},
        waits | {"queued_at": 100.0, "last_error": "channel mail: refused"},
    ]


async def test_an_alert_nobody_was_told_of_has_none(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        assert (await client.get(f"/api/alerts/{SMOKE}/messages")).json() == {"items": []}


async def test_an_unknown_alert_is_said_to_be_unknown(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        assert (await client.get("/api/alerts/nobody/messages")).status_code == 404
