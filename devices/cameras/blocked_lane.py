"""Finds what stands in a watched zone for too long. Pure: pictures and their times in, detections out.

Runs well at 0.5 to 2 pictures a second. A thing is told when it has stood for the zone's dwell, kept alive by updates,
and ended when it left.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.cameras.detection import Detection, Frame, Phase
from devices.cameras.lane_background import Background, Gray
from devices.cameras.lane_objects import Change, Thing, Things
from devices.cameras.lane_verify import structure
from devices.cameras.lane_zone import View, Zone

WARM_UP_S = 3.0
UPDATE_S = 20.0
GAP_S = 60.0
MUCH = 0.55
SAME_PLACE = 0.35
STRANGE_S = 20.0
THUMB = (64, 36)
OTHER = 20.0
CUT, STILL = 0.3, 0.08
"""Share of the zone that is another from one picture to the next, and that moves after that, where the view was cut."""
SHIFT = 0.012
"""Share of the zone's longer side by which a picture may be off before the camera counts as moved."""
SHIFT_S = 2.0
FULL = 0.4
SURE_SHIFT = 0.12


class BlockedLane:
    """Watches every zone of one camera.

    Args:
        references: pictures of the empty zones, any light; without them what stands there at the start is not known.
    """

    luma = True

    def __init__(self, zones: Sequence[Zone] = (), references: Sequence[Frame] = ()) -> None:
        self._zones = tuple(zones) or (Zone(),)
        self._references = tuple(references)
        self._watches: list[Watch] = []
        self._whole = Whole()
        self._size = (0, 0)
        self._kept: Mapping[str, NDArray[Any]] | None = None
        self._away_s = 0.0
        self.watched = {zone.id for zone in self._zones}
        """Zones whose schedule wants alarms now; time is counted in all."""

    def step(self, frame: Frame, at: float) -> list[Detection]:
        """Look at one frame; see ``Detector.step``."""
        found: list[Detection] = []
        if frame.shape[:2] != self._size:
            found += self.close() if self._watches else []
            self._begin(frame)
        elsewhere = self._whole.other(frame, at)
        for index, watch in enumerate(self._watches):
            watched = watch.zone.id in self.watched
            found += watch.step(frame, at, watched, elsewhere, index + 1, len(self._watches))
        return found

    def close(self) -> list[Detection]:
        """End every open detection."""
        return [
            each for index, watch in enumerate(self._watches) for each in watch.close(index + 1, len(self._watches))
        ]

    @property
    def unconfirmed(self) -> list[str]:
        """Zones that were learnt as they were at the start, with whatever stood there."""
        return [watch.zone.id for watch in self._watches if not watch.confirmed]

    @property
    def begun(self) -> bool:
        """Whether there is anything worth keeping yet."""
        return any(watch.begun for watch in self._watches)

    def dump(self) -> dict[str, NDArray[Any]]:
        """What must outlive the process: the empty pictures and what stands, with its time."""
        kept = {f"{w.zone.id}/{name}": each for w in self._watches for name, each in w.dump().items()}
        return kept | {"size": np.array(self._size)}

    def load(self, kept: Mapping[str, NDArray[Any]], away_s: float) -> None:
        """Take up, at the next frame, what ``dump`` gave ``away_s`` seconds ago; of another frame size: ignored."""
        self._kept, self._away_s = kept, away_s

    def _begin(self, frame: Frame) -> None:
        self._size = frame.shape[:2]
        self._whole = Whole()
        height, width = self._size
        self._watches = [Watch(zone, View(zone, width, height), self._references) for zone in self._zones]
        kept, self._kept = self._kept, None
        if kept is None or tuple(kept["size"]) != self._size:
            return
        for watch in self._watches:
            name = f"{watch.zone.id}/"
            own = {key.removeprefix(name): each for key, each in kept.items() if key.startswith(name)}
            watch.resume(own, self._away_s)


class Whole:
    """The whole picture, very small: a lorry may fill a zone, another view fills the picture."""

    def __init__(self) -> None:
        self._usual: Gray | None = None
        self._at = 0.0

    def other(self, frame: Frame, at: float) -> float:
        """Share of the picture that is another than usual."""
        luma = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(luma, THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
        passed, self._at = min(max(at - self._at, 0.0), GAP_S), at
        if self._usual is None:
            self._usual = small
            return 0.0
        level = float(np.median((small + 4) / (self._usual + 4)))
        other = float((np.abs(small / level - self._usual) > OTHER).mean())
        self._usual += (small - self._usual) * np.float32(1 - np.exp(-passed / (STRANGE_S if other > CUT else 2.0)))
        return other


class Watch:
    """One zone."""

    def __init__(self, zone: Zone, view: View, references: Sequence[Frame]) -> None:
        self.zone = zone
        self._view = view
        self._references = [view.of(np.asarray(cv2.resize(each, view.whole), np.uint8)) for each in references]
        self._first: list[Gray] = []
        self._kept: Mapping[str, NDArray[Any]] | None = None
        self._away_s = 0.0
        self._began = self._at = 0.0
        self._strange_s = self._shifted_s = 0.0
        self._calm = 0.0
        self._before: tuple[Gray, Gray] | None = None
        self._background: Background | None = None
        self._things = Things(zone, view)
        self.confirmed = bool(references)

    @property
    def begun(self) -> bool:
        return self._background is not None

    def resume(self, kept: Mapping[str, NDArray[Any]], away_s: float) -> None:
        """Begin from kept state instead of learning."""
        if "empty" in kept and kept["empty"].shape == self._view.mask.shape:
            self._kept, self._away_s = kept, away_s
            self.confirmed = bool(kept["confirmed"])

    def step(self, frame: Frame, at: float, watched: bool, elsewhere: float, first: int, by: int) -> list[Detection]:
        picture = self._view.of(frame)
        if self._background is None:
            self._learn(picture, at)
            return []
        passed, self._at = min(max(at - self._at, 0.0), GAP_S), at
        if self._displaced(picture, passed) or self._cut(picture, elsewhere):
            left = self._things.forget()
            self._restart(picture, at)
            return [self._tell(change.thing, "end", at, first, by) for change in left]
        self._background.step(picture, at, self._things.hold)
        if self._strange(passed, elsewhere):
            return []
        changes = self._things.step(self._background, at, passed, watched)
        return [*self._changed(changes, at, first, by), *self._updates(at, first, by)]

    def close(self, first: int, by: int) -> list[Detection]:
        alarmed = [thing for thing in self._things.all if thing.state == "alarmed"]
        self._things.forget()
        return [self._tell(thing, "end", self._at, first, by) for thing in alarmed]

    def dump(self) -> dict[str, NDArray[Any]]:
        if self._background is None:
            return {}
        own = self._background.dump() | self._things.dump(self._at)
        return own | {"confirmed": np.array(self.confirmed)}

    def _learn(self, picture: Gray, at: float) -> None:
        if self._kept is not None:
            self._background = Background.load(self._kept, at, self._away_s)
            self._things.load(self._kept, at, self._away_s)
            self._kept, self._at = None, at
            return
        if not self._first:
            self._began = at
        self._first.append(picture)
        if at - self._began < WARM_UP_S:
            return
        usual = np.median(np.stack(self._first), axis=0).astype(np.float32)
        self._first.clear()
        self._restart(usual, at)
        if self._references and self._background is not None:
            likest = max(self._references, key=lambda each: structure(each, usual))
            light = np.median((usual + 4) / (likest + 4))  # else the first pictures would be levelled away from usual
            self._background = Background(usual, self._began, likest * np.float32(light))

    def _restart(self, picture: Gray, at: float) -> None:
        self._background = Background(picture, at)
        self._at = at
        self._strange_s = self._shifted_s = 0.0

    def _displaced(self, picture: Gray, passed: float) -> bool:
        """Whether the camera looks elsewhere by a little: the whole picture is shifted, and stays so."""
        assert self._background is not None  # noqa: S101 - asked for after learning only
        (x, y), sure = cv2.phaseCorrelate(_flat(self._background.empty), _flat(picture), _window(picture.shape))
        off = max(abs(x), abs(y)) > max(SHIFT * max(picture.shape), 1.5) and sure > SURE_SHIFT
        off = off and float((self._things.hold > 0).mean()) < FULL  # else it is a thing that looks shifted
        self._shifted_s = self._shifted_s + passed if off else 0.0
        return self._shifted_s >= SHIFT_S

    def _cut(self, picture: Gray, elsewhere: float) -> bool:
        """Whether the view was another one from one picture to the next: much changed at once, and lies still since."""
        background, before = self._background, self._before
        assert background is not None  # noqa: S101 - asked for after learning only
        off = float((np.abs(picture - background.settled) > background.differ).mean())
        self._before = None
        if before is None:
            jumped = off > CUT and off > 2.5 * self._calm
            self._calm += 0.2 * (off - self._calm)
            if jumped:
                self._before = background.settled.copy(), picture
            return False
        settled, then = before
        still = float((np.abs(picture - then) > background.differ).mean()) < STILL
        return still and min(off, elsewhere) > 0.8 * CUT and structure(settled, picture) < SAME_PLACE

    def _strange(self, passed: float, elsewhere: float) -> bool:
        """Whether most of the zone changed at once. Another light is taken up; another view is learnt after a wait."""
        background = self._background
        assert background is not None  # noqa: S101 - asked for after learning only
        if float((background.foreign > 0).mean()) < MUCH:
            self._strange_s = 0.0
            return False
        if structure(background.settled, background.empty) >= SAME_PLACE:
            background.relight(self._things.hold)
            return True
        if elsewhere < MUCH and not self._strange_s:
            return False
        self._strange_s += passed
        if self._strange_s < STRANGE_S:
            return True
        self.confirmed = False
        self._things.forget()
        self._restart(background.settled, self._at)
        return True

    def _changed(self, changes: Sequence[Change], at: float, first: int, by: int) -> list[Detection]:
        found = []
        for change in changes:
            change.thing.told = at
            found.append(self._tell(change.thing, "start" if change.what == "alarmed" else "end", at, first, by))
        return found

    def _updates(self, at: float, first: int, by: int) -> list[Detection]:
        due = [each for each in self._things.all if each.state == "alarmed" and at - each.told >= UPDATE_S]
        for thing in due:
            thing.told = at
        return [self._tell(thing, "update", at, first, by) for thing in due]

    def _tell(self, thing: Thing, phase: Phase, at: float, first: int, by: int) -> Detection:
        return Detection(
            kind="stationary_object",
            phase=phase,
            track=(thing.track - 1) * by + first,
            start_s=round(thing.since, 2),
            end_s=round(at, 2),
            score=round(thing.score, 3),
            box=self._view.box(thing.mask),
            attributes={
                "zone": self.zone.id,
                "stood_s": round(at - thing.since, 1),
                "coverage": round(thing.width, 3),
                "confirmed": self.confirmed,
            },
        )


def _flat(picture: Gray) -> Gray:
    """Edges only, so that light does not look like a shift."""
    return np.asarray(cv2.Laplacian(picture, cv2.CV_32F, ksize=3), np.float32)


_WINDOWS: dict[tuple[int, ...], Gray] = {}


def _window(shape: tuple[int, ...]) -> Gray:
    if shape not in _WINDOWS:
        _WINDOWS[shape] = np.asarray(cv2.createHanningWindow((shape[1], shape[0]), cv2.CV_32F), np.float32)
    return _WINDOWS[shape]
