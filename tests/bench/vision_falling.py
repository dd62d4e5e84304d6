"""Falling objects: what is found on rendered test scenes, by disturbance and size; speed; the usual recipe beside it.

The scenes are rendered and therefore no substitute for a real camera. FADE-Net's figures (frame F 72.1 %, TRO 51.8 % on
the FADE data set, arXiv 2408.05750) are shown beside ours: another data set, real video, so a landmark and no contest.
"""

import os
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from devices.cameras.detection import Detection, Detector, Frame
from devices.cameras.falling_object import FallingConfig, FallingObjectDetector
from devices.cameras.projective import FloorPoint
from simulators.scenes.facade import FacadeScene
from simulators.scenes.facade_view import View
from simulators.scenes.throws import plan
from tests.bench.vision_falling_scenes import KINDS, Case, cases
from tests.bench.vision_falling_score import Score, score
from tests.bench.vision_falling_usual import UsualRecipe

Say = Callable[[str], None]
FADE_NET = {"frame_f": 0.721, "tro": 0.518}
CLIPS = "SHARED_CLIPS"
"""Environment variable: a folder of real clips without falls, but for those whose name has "fall" in it."""


def run(
    throws: int = 12,
    negative_s: float = 30.0,
    speed_s: float = 20.0,
    kinds: tuple[str, ...] = tuple(KINDS),
    say: Say = lambda step: None,
) -> dict[str, Any]:
    """Measure. ``throws``: in each of two scenes per disturbance. ``speed_s``: seconds of the 1080p recording."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        ours, usual = _tables(throws, negative_s, kinds, say)
        result = {"throws": ours["all"].throws, "scenes": 3 * len(kinds), **_figures(ours)}
        result["usual_recipe"] = _row(usual["all"]) | {"precision": usual["all"].precision}
        result["fade_net_other_data_set"] = FADE_NET
        result["speed_1080p25_one_core"] = _speed(speed_s, say)
        result["real_clips"] = _clips(say)
    finally:
        cv2.setNumThreads(threads)
    return result


def configured(scene: FacadeScene) -> FallingConfig:
    """What an operator would set for the scene: the facade and six windows."""
    floors = tuple(FloorPoint(*point) for point in scene.view.floor_points())
    return FallingConfig(scene.view.polygon(), floors)


def watch(detector: Detector, frames: Iterable[tuple[float, Frame]]) -> list[Detection]:
    """All that ``detector`` says of ``frames``."""
    said = [each for at, frame in frames for each in detector.step(frame, at)]
    return said + detector.close()


def _tables(throws: int, negative_s: float, kinds: tuple[str, ...], say: Say) -> tuple[dict[str, Score], ...]:
    ours: dict[str, Score] = {}
    usual: dict[str, Score] = {}
    for case in cases(True, throws, negative_s, kinds):
        here, there = _measure(case)
        say(
            f"{case.kind} {case.sizes}: found {here.found} of {here.throws}, false {here.false}; usual recipe "
            f"{there.found}, false {there.false}"
        )
        for name in ("all", case.kind, case.sizes):
            ours.setdefault(name, Score()).add(here)
            usual.setdefault(name, Score()).add(there)
    return ours, usual


def _measure(case: Case) -> tuple[Score, Score]:
    scene = case.scene
    detectors: tuple[Detector, ...] = (FallingObjectDetector(configured(scene)), UsualRecipe())
    said: tuple[list[Detection], ...] = ([], [])
    for at, frame in scene.frames():
        for detector, heard in zip(detectors, said, strict=True):
            heard += detector.step(frame, at)
    for detector, heard in zip(detectors, said, strict=True):
        heard += detector.close()
    ours, usual = (score(heard, scene.flights, scene.view.height, scene.seconds) for heard in said)
    return ours, usual


def _figures(ours: dict[str, Score]) -> dict[str, Any]:
    whole = ours["all"]
    return {
        "recall": {name: ours[name].recall for name in (">=6 px", "3-5 px") if name in ours},
        "precision": whole.precision,
        "frame_f": whole.frame_f,
        "tro": whole.tro,
        "floor_within_1": whole.floor,
        "floor_interval_covers": whole.floors_inside / max(1, whole.floors),
        "false_per_camera_hour": whole.per_hour,
        "hours": whole.seconds / 3600,
        "by_disturbance": {name: _row(each) for name, each in ours.items() if name in KINDS},
    }


def _row(each: Score) -> dict[str, float]:
    return {
        "recall": round(each.recall, 3),
        "false": each.false,
        "event_f1": round(each.f1, 3),
        "frame_f": round(each.frame_f, 3),
        "tro": round(each.tro, 3),
    }


def _speed(seconds: float, say: Say) -> dict[str, float]:
    """CPU seconds for a coded 1080p recording at 25 pictures a second, decoding included, in this one thread."""
    view = View.steep(45, 1920, 1080, 25.0)
    throws = tuple(plan(view, 77, max(1, int(seconds / 4)), 4.0, (3.0, 12.0), 1.0))
    scene = FacadeScene(view, 77, seconds, throws, ("laundry", "birds"))
    coded = encode(scene)
    found = {"bitrate_mbit_s": round(len(coded) * 8 / seconds / 1e6, 2)}
    for name, detector in (("ours", FallingObjectDetector(configured(scene))), ("usual", UsualRecipe())):
        began = time.process_time()
        said = watch(detector, decoded(BytesIO(coded)))
        spent = time.process_time() - began
        found[f"{name}_real_time_factor"] = round(seconds / spent, 2)
        found[f"{name}_event_f1"] = round(score(said, scene.flights, view.height, seconds).f1, 3)
        say(f"1080p at 25/s, {name}: {seconds / spent:.1f} x real time on one core")
    return found


def encode(scene: FacadeScene) -> bytes:
    """The scene as H.264 in Matroska, as a camera of a few Mbit/s sends it."""
    file = BytesIO()
    with av.open(file, "w", format="matroska") as container:
        options = {"preset": "ultrafast", "crf": "20", "g": "50", "threads": "1"}
        stream = container.add_stream("libx264", rate=round(scene.view.fps), options=options)
        stream.width, stream.height, stream.pix_fmt = scene.view.width, scene.view.height, "yuv420p"
        for _, luma in scene.frames():
            chroma = np.full((scene.view.height // 2, scene.view.width), 128, np.uint8)
            picture = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return file.getvalue()


def decoded(file: BytesIO | str) -> Iterable[tuple[float, Frame]]:
    """Seconds and luma of a recording, decoded in one thread, without a conversion where luma is a plane."""
    with av.open(file) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for number, picture in enumerate(container.decode(stream)):
            at = float(picture.time) if picture.time is not None else number / 25
            if picture.format.name.startswith(("yuv", "nv12", "gray")):
                plane = picture.planes[0]
                luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width]
            else:
                luma = picture.to_ndarray(format="gray")
            yield at, luma


def _clips(say: Say) -> dict[str, Any]:
    """Events in real clips, without any configuration; skipped aloud where there are none."""
    folder = Path(os.environ.get(CLIPS, ""))
    names = sorted(p for p in folder.iterdir() if p.suffix in (".avi", ".mp4")) if os.environ.get(CLIPS) else []
    if not names:
        say(f"SKIPPED: real clips; name their folder in {CLIPS}")
        return {"skipped": 1}
    found = {p.name: len(watch(FallingObjectDetector(), decoded(str(p)))) for p in names}
    falls = {name: count for name, count in found.items() if "fall" in name}
    return {
        "clips": len(found),
        "falls_found": sum(count == 1 for count in falls.values()) / max(1, len(falls)),
        "false_events": sum(count for name, count in found.items() if name not in falls),
        "seconds": round(sum(_seconds(p) for p in names), 1),
    }


def _seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.duration or 0) / av.time_base
