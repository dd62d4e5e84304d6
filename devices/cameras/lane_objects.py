"""What stands in one zone: from first rest to leaving, through occlusion, light and restart. Pure.

A thing is *dwelling* from the moment it rests and *alarmed* from its dwell on. It has left once most of its spot looks
empty again. Whoever stands before it changes the spot but does not empty it, so its time runs on.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.cameras.lane_background import Background, Gray, Mask
from devices.cameras.lane_verify import Nature, Verdict, judge, structure
from devices.cameras.lane_zone import View, Zone

LEAST_SHARE = 0.0015
"""Smallest spot looked at, as a share of the zone."""
GONE = 0.35
STANDS = 0.5
LATE_S = 3.0
GROW_S = 12.0
NOT_EARLY_S = 1.0
"""A car that rolls its last decimetres already looks at rest."""
UNTOLD_S = 3600.0
"""After a restart what is open is told again at once: whether it was told before is not sure."""
REST = 75
"""Percentile over a spot's pixels that says when it came to rest: even parts seem at rest while a car still rolls."""
SURE_S = 3.0
AFTER_S = 15.0
BESIDE, APART = 0.3, 1.2
AT_ONCE_S = 2.0
PART = 0.3
"""A part smaller than this share is no reason to doubt since when the whole is at rest."""
UPRIGHT = 1.4
"""Height over width from which on a figure may be a person."""
STIRS_UPRIGHT = 0.012
STIRS = 0.18
"""Share of pixels that stir, on average, in somebody who stands still, and in what sways."""
PATIENCE_S = 60.0
SAME_THING = 0.5
CLOSE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
TOUCH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))


@dataclass(slots=True)
class Thing:
    """One thing in the zone. ``since``: when it came to rest."""

    track: int
    since: float
    seen: float
    mask: Mask
    look: Gray
    state: Literal["dwelling", "alarmed"] = "dwelling"
    nature: Nature = "object"
    doubted_s: float = 0.0
    unrest: float = 0.0
    upright: float = 0.0
    watched_s: float = 0.0
    score: float = 0.0
    width: float = 0.0
    told: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """``what`` became of a thing at this frame."""

    what: Literal["alarmed", "left"]
    thing: Thing


class Things:
    """The things of one zone."""

    def __init__(self, zone: Zone, view: View) -> None:
        self._zone = zone
        self._view = view
        self._count = 0
        self._least = max(LEAST_SHARE * float((view.mask > 0).sum()), 12.0)
        self._gone: list[tuple[float, Mask]] = []
        self.all: list[Thing] = []
        self.hold: Mask = np.zeros_like(view.mask)

    def step(self, background: Background, now: float, passed: float, watched: bool) -> list[Change]:
        """Judge everything that stands at this frame. ``watched``: alarms are wanted now."""
        changes: list[Change] = []
        for thing in list(self.all):
            changes += self._follow(thing, background, now, passed, watched)
        self._find(background, now)
        self._join(background)
        self._hold()
        return changes

    def forget(self) -> list[Change]:
        """Drop everything: the view is another. The alarmed are said to have left."""
        left = [Change("left", thing) for thing in self.all if thing.state == "alarmed"]
        self.all.clear()
        self._hold()
        return left

    def _follow(self, thing: Thing, background: Background, now: float, passed: float, watched: bool) -> list[Change]:
        spot = thing.mask > 0
        stands = float((background.foreign[spot] > 0).mean())
        if stands < GONE:
            return self._leave(thing, now)
        if float((background.same[spot] > 0).mean()) >= STANDS:
            thing.seen = now
        self._measure_life(thing, background, passed)
        since = background.since[spot]
        if float((since <= thing.since + LATE_S).mean()) < STANDS:
            self._changed(thing, background, float(np.percentile(since, REST)))
        if thing.state == "dwelling":
            return self._dwell(thing, background, now, passed, watched and stands >= STANDS)
        other = structure(background.settled[_box(thing.mask)], thing.look) < SAME_THING
        if other and self._refused(thing, self._look_at(thing, background), passed):
            background.adopt(thing.mask)
            return self._leave(thing, now)
        return []

    def _leave(self, thing: Thing, now: float) -> list[Change]:
        """What it leaves behind in the picture for a moment must not look like something that stood as long."""
        self.all.remove(thing)
        self._gone = [(at, mask) for at, mask in self._gone if now - at < AFTER_S] + [(now, thing.mask)]
        return [Change("left", thing)] if thing.state == "alarmed" else []

    def _look_at(self, thing: Thing, background: Background) -> Verdict:
        return judge(background.settled, background.empty, thing.mask, background.noise)

    def _measure_life(self, thing: Thing, background: Background, passed: float) -> None:
        """Average how much stirs in the whole figure around the thing, and how upright that is.

        Of somebody who stands only parts are at rest, and those may rest well.
        """
        figure = _figure(thing.mask, background)
        share = float((background.same[figure > 0] == 0).mean())
        if share >= STANDS or passed <= 0:
            return
        _, _, width, height = cv2.boundingRect(figure)
        thing.watched_s += passed
        part = passed / thing.watched_s
        thing.unrest += (share - thing.unrest) * part
        thing.upright += (height / width - thing.upright) * part

    def _alive(self, thing: Thing, now: float) -> bool:
        """Whether it is somebody who stands there, or leaves that sway: nothing to report before long."""
        limit = STIRS_UPRIGHT if thing.upright > UPRIGHT else STIRS
        return thing.unrest > limit and now - thing.since < PATIENCE_S + 2 * self._zone.dwell_s

    def _changed(self, thing: Thing, background: Background, since: float) -> None:
        """Most of the spot is newer than the thing: the same in another light or behind somebody, or another one."""
        if thing.state == "alarmed" or structure(background.settled[_box(thing.mask)], thing.look) > SAME_THING:
            return
        thing.since = max(thing.since, since)
        thing.look = background.settled[_box(thing.mask)].copy()

    def _dwell(self, thing: Thing, background: Background, now: float, passed: float, watched: bool) -> list[Change]:
        verdict = self._look_at(thing, background)
        thing.nature, thing.score, thing.width = verdict.nature, verdict.score, self._view.width_taken(thing.mask)
        if self._refused(thing, verdict, passed):
            background.adopt(thing.mask)
            return self._leave(thing, now)
        ripe = now - thing.since >= self._zone.dwell_s + NOT_EARLY_S and now - thing.seen <= LATE_S
        if verdict.nature != "object" or not ripe or not watched or thing.width < self._zone.min_width:
            return []
        if self._alive(thing, now):
            return []
        thing.state = "alarmed"
        thing.look = background.settled[_box(thing.mask)].copy()
        return [Change("alarmed", thing)]

    def _refused(self, thing: Thing, verdict: Verdict, passed: float) -> bool:
        thing.doubted_s = 0.0 if verdict.nature == "object" else thing.doubted_s + passed
        return thing.doubted_s >= SURE_S

    def _find(self, background: Background, now: float) -> None:
        fresh = cv2.bitwise_and(background.foreign, self._view.mask)
        fresh = cv2.morphologyEx(fresh, cv2.MORPH_CLOSE, CLOSE)
        fresh = cv2.morphologyEx(fresh, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        fresh[self.hold > 0] = 0
        count, labels, stats, _ = cv2.connectedComponentsWithStats(fresh, connectivity=8)
        for label in range(1, count):
            if stats[label, cv2.CC_STAT_AREA] >= self._least / 3:
                self._place((labels == label).astype(np.uint8) * 255, background, now)

    def _place(self, mask: Mask, background: Background, now: float) -> None:
        since = float(np.percentile(background.since[mask > 0], REST))
        for gone_at, gone in self._gone:
            if cv2.bitwise_and(gone, mask).any():
                since = max(since, gone_at)
        nature = judge(background.settled, background.empty, mask, background.noise).nature
        near = cv2.dilate(mask, TOUCH)
        for thing in self.all:
            if not cv2.bitwise_and(near, thing.mask).any():
                continue
            if thing.state == "dwelling" and nature != "light" and abs(since - thing.since) < GROW_S:
                self._grow(thing, mask, background, since)
                return
            if (mask > 0).sum() < 0.5 * (thing.mask > 0).sum():
                return
        if (mask > 0).sum() >= self._least:
            self._count += 1
            look = background.settled[_box(mask)].copy()
            self.all.append(Thing(self._count, since, now, mask, look, nature=nature, told=now))

    def _join(self, background: Background) -> None:
        """Make one of things that touch and came to rest together: the parts of one car."""
        for one in list(self.all):
            for other in list(self.all):
                if other is one or one not in self.all or abs(other.since - one.since) >= GROW_S:
                    continue
                if "light" in (one.nature, other.nature):
                    continue
                if not (one.state == other.state == "alarmed") and _near(one, other):
                    kept, lost = (one, other) if one.state == "alarmed" or other.state == "dwelling" else (other, one)
                    alarmed = kept.state == "alarmed"
                    self._grow(kept, lost.mask, background, kept.since if alarmed else lost.since)
                    self.all.remove(lost)

    def _grow(self, thing: Thing, mask: Mask, background: Background, since: float) -> None:
        if (mask > 0).sum() > PART * (thing.mask > 0).sum():
            thing.since = max(thing.since, since)
        thing.mask = cv2.morphologyEx(cv2.bitwise_or(thing.mask, mask), cv2.MORPH_CLOSE, CLOSE)
        thing.look = background.settled[_box(thing.mask)].copy()

    def _hold(self) -> None:
        self.hold = np.zeros_like(self._view.mask)
        for thing in self.all:
            self.hold |= thing.mask
        if self.all:
            self.hold = cv2.dilate(self.hold, np.ones((3, 3), np.uint8))

    def dump(self, now: float) -> dict[str, NDArray[Any]]:
        """Everything that must outlive the process, times as ages."""
        kept: dict[str, NDArray[Any]] = {}
        rows = []
        for index, thing in enumerate(self.all):
            kept[f"mask{index}"], kept[f"look{index}"] = thing.mask, thing.look
            row = {k: v for k, v in _plain(thing).items() if k not in ("mask", "look")}
            rows.append(row | {"since": now - thing.since, "seen": now - thing.seen, "told": now - thing.told})
        kept["things"] = np.frombuffer(json.dumps({"count": self._count, "rows": rows}).encode(), np.uint8)
        return kept

    def load(self, kept: Mapping[str, NDArray[Any]], now: float, away_s: float) -> None:
        """Take up what ``dump`` gave ``away_s`` seconds ago."""
        told = json.loads(kept["things"].tobytes())
        self._count = told["count"]
        for index, row in enumerate(told["rows"]):
            ages = {name: now - away_s - row.pop(name) for name in ("since", "seen", "told")}
            ages["told"] = now - UNTOLD_S
            self.all.append(Thing(mask=kept[f"mask{index}"], look=kept[f"look{index}"], **ages, **row))
        self._hold()


def _plain(thing: Thing) -> dict[str, Any]:
    return asdict(thing)


def _figure(mask: Mask, background: Background) -> Mask:
    """Everything connected with ``mask`` that stands or stirs."""
    stirs = cv2.bitwise_or(cv2.bitwise_or(background.foreign, cv2.bitwise_not(background.same)), mask)
    _, labels = cv2.connectedComponents(cv2.morphologyEx(stirs, cv2.MORPH_CLOSE, CLOSE), connectivity=8)
    return np.asarray(labels == np.bincount(labels[mask > 0]).argmax(), np.uint8)


def _near(one: Thing, other: Thing) -> bool:
    """Whether two lie so close, for their size, that they may be parts of one; further apart if at rest at once."""
    x, y, width, height = cv2.boundingRect(one.mask)
    x2, y2, width2, height2 = cv2.boundingRect(other.mask)
    share = BESIDE if abs(one.since - other.since) > AT_ONCE_S else APART
    across, down = BESIDE * max(width, width2), share * max(height, height2)
    apart = max(x, x2) - min(x + width, x2 + width2) > across or max(y, y2) - min(y + height, y2 + height2) > down
    return not apart


def _box(mask: Mask) -> tuple[slice, slice]:
    left, top, width, height = cv2.boundingRect(mask)
    return slice(top, top + height), slice(left, left + width)
