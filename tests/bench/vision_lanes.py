"""The lane detector on rendered scenes of known truth, on a day without anything parked, on real clips, and its cost.

The real clips lie in the folder that ``LANE_CLIPS`` names (default: ``../shared/clips``); nothing may be found in them.
"""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from devices.cameras.blocked_lane import BlockedLane
from devices.cameras.detection import Frame
from devices.cameras.lane_zone import Zone
from devices.cameras.source import Source
from devices.cameras.trial import run as try_clip
from simulators.scenes.lane import LaneScene, Truth, Weather
from simulators.scenes.stream import record
from tests.bench.vision_lanes_scenes import DISTURBANCES, DWELL_S, passers, scene, traffic
from tests.bench.vision_lanes_usual import Usual

RATE = 2.0
ON_TIME_S = 10.0
HOUR_S = 3600.0
LAPSE_RATE = 0.5
CLIPS = Path(__file__).parents[3] / "shared" / "clips"
Told = list[tuple[str, float]]
Say = Callable[[str], None]


def run(seeds: int = 12, hours: int = 24, say: Say = print) -> dict[str, Any]:
    """Every part. ``seeds``: test scenes per disturbance (odd seeds; tuning saw even ones only)."""
    return {
        **_scenes(seeds, say),
        "lapse": _lapse(hours, say),
        "real": _real(say),
        "streams": _streams(say),
    }


def outcome(told: Told, truth: Truth) -> str:
    """What became of one parked vehicle: in time, or how not."""
    starts = [at for what, at in told if what == "start"]
    ends = [at for what, at in told if what == "end"]
    due = truth.begin_s + DWELL_S
    if not starts:
        return "missed"
    if starts[0] < due:
        return "early"
    if starts[0] > due + ON_TIME_S:
        return "late"
    if len(starts) > 1:
        return "repeated"
    if not ends or not truth.end_s <= ends[0] <= truth.end_s + ON_TIME_S:
        return "not_cleared"
    return "right"


def _scenes(seeds: int, say: Say) -> dict[str, Any]:
    ours: dict[str, Counter[str]] = {}
    usual: Counter[str] = Counter()
    spent = dict.fromkeys(("ours", "usual"), 0.0)
    for disturbance in DISTURBANCES:
        say(f"{disturbance}: {seeds} scenes")
        ours[disturbance] = Counter()
        for seed in range(1, 2 * seeds, 2):
            made, until = scene(disturbance, seed)
            frames = [(float(at), made.frame(float(at))) for at in np.arange(0, until, 1 / RATE)]
            truth = made.truths(DWELL_S)[0]
            detector, recipe = BlockedLane([Zone("lane", made.zone, DWELL_S, 0.2)]), Usual(made.zone, DWELL_S)
            told, cost = _timed(frames, lambda f, t, d=detector: [(e.phase, e.end_s) for e in d.step(f, t)])  # type: ignore[misc]
            spent["ours"] += cost / until
            ours[disturbance][outcome(told, truth)] += 1
            told, cost = _timed(frames, lambda f, t, d=recipe: d.step(f, t))  # type: ignore[misc]
            spent["usual"] += cost / until
            usual[outcome(told, truth)] += 1
    total = sum(ours.values(), Counter[str]())
    count = seeds * len(DISTURBANCES)
    alarmed = total["right"] + total["not_cleared"]
    return {
        "scenes": count,
        "in_time": round(alarmed / count, 4),
        "early_or_repeated": total["early"] + total["repeated"],
        "cleared": round(total["right"] / max(alarmed, 1), 4),
        "f1": _f1(total),
        "by_disturbance": {name: dict(each) for name, each in ours.items()},
        "cpu_ms_per_s": round(1000 * spent["ours"] / count, 2),
        "usual": {"f1": _f1(usual), "cpu_ms_per_s": round(1000 * spent["usual"] / count, 2), **usual},
    }


def _f1(total: Counter[str]) -> float:
    """Of events: late and missed lack one, early and repeated add a false one, late too."""
    right = total["right"] + total["not_cleared"] + total["repeated"]
    false = total["early"] + total["repeated"] + total["late"]
    lacking = total["missed"] + total["late"] + total["early"]
    return round(2 * right / max(2 * right + false + lacking, 1), 4)


def _timed(frames: list[tuple[float, Frame]], step: Callable[[Frame, float], Told]) -> tuple[Told, float]:
    begun = time.process_time()
    told = [each for at, frame in frames for each in step(frame, at)]
    return told, time.process_time() - begun


def _lapse(hours: int, say: Say) -> dict[str, Any]:
    """A day and night of passing, short stops, people, clouds, rain and lamps, and nothing that stays."""
    detector: BlockedLane | None = None
    false = 0
    for hour in range(hours):
        say(f"time-lapse: hour {hour + 1} of {hours}")
        made = _hour(hour)
        detector = detector or BlockedLane([Zone("lane", made.zone, DWELL_S, 0.2)])
        for at in np.arange(0, HOUR_S, 1 / LAPSE_RATE):
            found = detector.step(made.frame(float(at)), hour * HOUR_S + float(at))
            false += sum(each.phase == "start" for each in found)
    return {"hours": hours, "false_alarms": false}


def _hour(hour: int) -> LaneScene:
    rng = Random(f"hour/{hour}")
    level = [0.3 + 0.7 * max(0.0, float(np.sin((h % 24 - 6) / 12 * np.pi))) for h in (hour, hour + 1)]
    weather = Weather(
        day=level[0],
        drift=float(np.log(level[1] / level[0])) / HOUR_S,
        noise=2.0 if level[0] > 0.5 else 4.0,
        cloud=rng.choice((0.0, 0.0, 0.3, 0.5)),
        rain=rng.choice((0, 0, 0, 40)),
        sun_edge=0.003 if level[0] > 0.8 else 0.0,
    )
    movers = [*traffic(rng, HOUR_S, 60.0), *passers(rng, HOUR_S, 40.0)]
    return LaneScene(movers, weather, seed=5, width=320, height=180)


def _real(say: Say) -> dict[str, Any]:
    folder = Path(os.environ.get("LANE_CLIPS", CLIPS))
    clips = sorted(each for each in folder.glob("*") if each.suffix in (".avi", ".mp4")) if folder.is_dir() else []
    if not clips:
        say(f"SKIPPED: no real clips in {folder}; name their folder with LANE_CLIPS")
        return {"clips": 0}
    say(f"{len(clips)} real clips")
    found = {clip.name: len(try_clip(str(clip), "blocked_lane", None, None)["events"]) for clip in clips}
    return {"clips": len(clips), "false_alarms": sum(found.values()), "in": {n: c for n, c in found.items() if c}}


def _streams(say: Say) -> dict[str, float]:
    """Streams one core carries, decoding included, by kind of stream."""
    say("cost of streams")
    with tempfile.TemporaryDirectory() as folder:
        return {name: round(1 / cost, 1) for name, cost in _costs(Path(folder))}


def _costs(folder: Path) -> Iterator[tuple[str, float]]:
    kinds = {
        "540p_2fps": (960, 540, 2, 4),
        "720p_15fps_key_a_second": (1280, 720, 15, 15),
        "1080p_25fps_key_a_second": (1920, 1080, 25, 25),
        "540p_15fps_key_every_4s": (960, 540, 15, 60),
    }
    for name, (width, height, rate, keys) in kinds.items():
        made, _ = scene("plain", 1)
        wide = LaneScene(made.movers, made.weather, seed=1, width=width, height=height)
        clip = record(folder / f"{name}.mp4", wide.frame, 20, rate, keys)
        detector = BlockedLane([Zone("lane", wide.zone, DWELL_S, 0.2)])
        begun = time.process_time()
        with Source(str(clip), rate=RATE) as source:
            for picture in source.pictures():
                detector.step(picture.frame, picture.at)
        yield name, (time.process_time() - begun) / source.last_s
