"""One camera in a process of its own: reads, judges, keeps evidence, and tells its supervisor line by line.

Started by the supervisor as ``python -m devices.cameras.worker`` with its job, password included, on standard input:
a command line is for all to see. Whatever must not be lost goes to the spool or the evidence folder first.
"""

import json
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Struct

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.camera_health import CameraHealth
from devices.cameras.detection import Detection, Detector
from devices.cameras.detectors import LANE_RATE, blocked_lane, falling_object
from devices.cameras.errors import CameraError
from devices.cameras.evidence import Evidence
from devices.cameras.native_events import event, stored
from devices.cameras.ring import Ring
from devices.cameras.settings import Camera, EvidenceLimits, active
from devices.cameras.source import Picture, Source
from devices.cameras.spool import Spool

BEAT_S = 5.0
REPORT_S = 30.0
KEEP_S = 30.0
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 30.0
STATE = "state.npz"


class Job(Struct, frozen=True):
    """Everything a worker needs. ``folder``: its own; ``evidence``: that of all cameras."""

    camera: Camera
    url: str
    timezone: str
    limits: EvidenceLimits
    folder: str
    evidence: str


class Worker:
    """Runs until told to stop. ``tell`` takes one line for the supervisor."""

    def __init__(self, job: Job, tell: Callable[[dict[str, Any]], None]) -> None:
        self._job = job
        self._tell = tell
        self._folder = Path(job.folder)
        self._spool = Spool(self._folder / "outbox")
        self._evidence = Evidence(Path(job.evidence), job.camera.id, job.limits, job.camera.masks)
        self._lane = blocked_lane(job.camera) if job.camera.zones else None
        self._fall = falling_object(job.camera) if job.camera.facade else None
        self._health = CameraHealth()
        self._zone = ZoneInfo(job.timezone)
        self._epoch = time.time_ns() // 1_000_000
        self._states: dict[str, bool] = {}
        self._beat = self._report = self._kept = self._lane_due = 0.0
        self._at = 0.0
        self._frames = 0
        self.stopping = False
        self._load()
        if not (self._folder / STATE).exists():
            self._save()

    def run(self) -> None:
        """Connect, and connect again, until stopped."""
        retry = FIRST_RETRY_S
        while not self.stopping:
            begun = time.monotonic()
            try:
                self._watch()
            except CameraError as error:
                self._tell({"log": "camera lost", "cause": error.cause, "place": error.place})
                self._state({"stream_lost": True})
            if time.monotonic() - begun > LAST_RETRY_S:
                retry = FIRST_RETRY_S
            self._rest(retry)
            retry = min(2 * retry, LAST_RETRY_S)
        self._save()

    def _watch(self) -> None:
        rate = None if self._fall else LANE_RATE
        rings: list[Ring] = []
        with Source(self._job.url, rate=rate, keep=lambda packet: rings[0].add(packet, time.monotonic())) as source:
            ring = Ring(self._evidence.seconds, source.live)
            rings.append(ring)
            self._tell({"log": "camera connected", "place": source.shown})
            base: float | None = None
            try:
                for picture in source.pictures():
                    if base is None:  # a recording is read faster than time passes
                        base = max(time.monotonic(), self._at + 1.0) - picture.at
                    self._at = base + picture.at
                    self._picture(picture, self._at, ring, source)
                    if self.stopping:
                        break
            finally:
                self._stored(ring, source, all_of_it=True)

    def _picture(self, picture: Picture, at: float, ring: Ring, source: Source) -> None:
        self._frames += 1
        self._state({"stream_lost": False})
        self._state(self._health.step(picture.frame, at))
        detectors: list[Detector] = [self._fall] if self._fall else []
        if self._lane is not None and at >= self._lane_due:
            self._lane_due = at + 0.8 / LANE_RATE
            self._lane.watched = self._watched()
            detectors.append(self._lane)
        for detector in detectors:
            for seen in detector.step(picture.frame, at):
                self._seen(seen, at, ring, source)
        self._stored(ring, source)
        self._periodic()

    def _seen(self, seen: Detection, at: float, ring: Ring, source: Source) -> None:
        falls = seen.kind == "falling_object"
        now = time.time()
        known_by = f"f{round((now - (at - seen.start_s)) * 1000)}" if falls else f"s{self._epoch}"
        object_id = f"{known_by}-{seen.track}"
        self._save()  # killed after this, it tells what is open once more; killed before, it finds it again
        first = (seen.phase != "end" and not self._evidence.has(object_id)) or falls
        told = self._evidence.begin(object_id, seen, ring, source.stream, at, now) if first else {}
        self._say(now, [event(seen, object_id, told)])
        if self._evidence.failed:
            self._state({"storage_fault": True})

    def _stored(self, ring: Ring, source: Source, all_of_it: bool = False) -> None:
        for told in self._evidence.due(ring, source.stream, all_of_it):
            self._say(time.time(), [stored(told)])
            self._state({"storage_fault": self._evidence.failed})

    def _say(self, now: float, events: list[dict[str, Any]], states: dict[str, bool] | None = None) -> None:
        body: dict[str, Any] = {"ts": round(now * 1000)}
        body |= {"events": events} if events else {}
        body |= {"states": states} if states else {}
        try:
            self._spool.put("event", body)
        except OSError as error:
            self._tell({"log": "spool cannot be written", "cause": error.strerror})
            self._tell({"message": body})
        self._tell({"said": True})

    def _state(self, states: dict[str, bool]) -> None:
        """Tell states that changed; at the first word a good state is news too: it ends what a crash left open."""
        changed = {name: value for name, value in states.items() if self._states.get(name) is not value}
        self._states |= changed
        if changed:
            self._say(time.time(), [], changed)

    def _periodic(self) -> None:
        now = time.monotonic()
        if now - self._beat >= BEAT_S:
            self._beat = now
            self._tell({"beat": True})
        if now - self._report >= REPORT_S:
            rate = self._frames / (now - self._report) if self._report else 0.0
            self._report, self._frames = now, 0
            unconfirmed = self._lane.unconfirmed if self._lane else []
            told = {"telemetry": {"frame_rate": round(rate, 2)}, "states": self._states, "unconfirmed": unconfirmed}
            self._tell(told)
        if now - self._kept >= KEEP_S:
            self._save()

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            self._periodic()
            time.sleep(min(0.2, seconds))

    def _watched(self) -> set[str]:
        local = datetime.fromtimestamp(time.time(), self._zone)
        minute = local.hour * 60 + local.minute
        return {zone.id for zone in self._job.camera.zones if active(zone.schedule, minute)}

    def _save(self) -> None:
        self._kept = time.monotonic()
        if self._lane is not None and not self._lane.begun and (self._folder / STATE).exists():
            return  # what was kept has not been taken up yet
        kept: dict[str, Any] = {f"health/{name}": value for name, value in self._health.dump().items()}
        if self._lane is not None:
            kept |= {f"lane/{name}": value for name, value in self._lane.dump().items()}
        kept |= {"at": np.array(time.time()), "epoch": np.array(self._epoch)}
        part = self._folder / f".{STATE}.part"
        try:
            with part.open("wb") as file:
                np.savez(file, **kept)
            part.replace(self._folder / STATE)
        except OSError as error:
            self._tell({"log": "state cannot be kept", "cause": error.strerror})

    def _load(self) -> None:
        try:
            with (self._folder / STATE).open("rb") as file, np.load(file) as arrays:
                kept: dict[str, Any] = dict(arrays)
            away = max(time.time() - float(kept["at"]), 0.0)
            self._health.load(_part(kept, "health/"))
            if isinstance(self._lane, BlockedLane) and "lane/size" in kept:
                self._epoch = int(kept["epoch"])
                self._lane.load(_part(kept, "lane/"), away)
        except FileNotFoundError:
            return
        except Exception as error:
            self._tell({"log": "kept state is unreadable, learning anew", "cause": type(error).__name__})


def _part(kept: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in kept.items() if name.startswith(prefix)}


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the job, run it, end with the supervisor's pipe or on SIGTERM."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        worker = Worker(job, _tell)
    except CameraError as error:
        _tell({"refused": error.args})
        raise SystemExit(2) from None

    def stop(*_: object) -> None:
        worker.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the supervisor says when to stop
    try:
        worker.run()
    except BrokenPipeError:
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
