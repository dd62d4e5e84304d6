"""An access gate: cards and faces, doors that open and shut again, and now and then a refusal."""

from random import Random

from simulators.script import Say, Script, cannot

LONGEST_GAP_S = 60.0
MEAN_GAP_S = 40.0
REFUSED = 0.06
FORCED_OPEN_S = 15.0

CREDENTIALS = ("card", "face", "phone", "pin")
REFUSALS = ("expired", "unknown_credential", "wrong_time")


class Gate:
    """One door with its controller. It stands open for seconds, far below the minute of a held door."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._passages = rng.randrange(1_000, 400_000)

    def ordinary(self) -> Script:
        yield self._report(), self._rng.uniform(1.0, LONGEST_GAP_S)
        while True:
            if self._rng.random() < REFUSED:
                yield self._refusal(), self._gap()
            else:
                yield from self._passage()
            yield self._report(), self._gap()

    def incident(self, rule: str) -> Script:
        if rule != "gate_forced":
            raise cannot("gate", rule)
        return self._forced()

    def _forced(self) -> Script:
        door = {"door_id": "d1"}
        states: dict[str, bool | str | None] = {"door_state": "open", "lock_state": "locked"}
        yield Say("event", states=states, events=[{"code": "door_forced", **door}]), FORCED_OPEN_S
        yield self._door("closed"), self._gap()

    def _passage(self) -> Script:
        yield self._grant(), self._rng.uniform(0.3, 1.5)
        yield self._door("open"), self._rng.uniform(3.0, 9.0)
        self._passages += 1
        yield self._door("closed"), self._gap()

    def _grant(self) -> Say:
        return Say(
            "event", states={"lock_state": "unlocked"}, events=[{"code": "access_granted", **self._credential()}]
        )

    def _refusal(self) -> Say:
        reason = self._rng.choice(REFUSALS)
        return Say("event", events=[{"code": "access_denied", "reason": reason, **self._credential()}])

    def _credential(self) -> dict[str, str]:
        return {
            "credential_type": self._rng.choice(CREDENTIALS),
            "credential_ref": f"c{self._rng.randrange(16**6):06x}",
            "direction": self._rng.choice(("in", "out")),
            "door_id": "d1",
        }

    def _door(self, position: str) -> Say:
        code = "door_opened" if position == "open" else "door_closed"
        lock = "unlocked" if position == "open" else "locked"
        return Say(
            "event", states={"door_state": position, "lock_state": lock}, events=[{"code": code, "door_id": "d1"}]
        )

    def _report(self) -> Say:
        return Say(
            "telemetry",
            {"passage_count": float(self._passages)},
            {"door_state": "closed", "lock_state": "locked", "tamper": False, "fault": False},
        )

    def _gap(self) -> float:
        return min(self._rng.expovariate(1 / MEAN_GAP_S) + 1.0, LONGEST_GAP_S)
