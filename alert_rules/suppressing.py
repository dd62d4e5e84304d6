"""The moves people make with suppressions, and which of them are refused. Pure; every move returns its audit entry."""

from typing import Any

from alert_rules.alert import Alert, Entry, IllegalMove, alert_id
from alert_rules.suppression import Draft, Means, Suppression, Suppressions, speaks_of_fire

FIRE_PAUSE_S = 3600.0
"""After a suppression of fire, its author cannot raise another on the same alerts for this long: that would prolong."""
MAX_AHEAD_S = 90 * 86_400.0
MOST = 500
SLACK_S = 5.0
"""A console's clock may be this far ahead: what it calls now, or the longest time, is accepted."""


def create(book: Suppressions, draft: Draft, actor: str, now: float) -> tuple[Suppression, Entry]:
    """Raise a suppression; the caller puts it into ``book`` once it is stored.

    Raises:
        IllegalMove: it is too long, mutes everything, or prolongs one of fire by the same person.
    """
    _check_times(book, draft, now)
    _check_matcher(book, draft)
    if sum(each.ends_at > now for each in book) >= MOST:
        raise IllegalMove(f"there are {MOST} suppressions already; end those that are no longer needed")
    if draft.fire:
        _check_author(book, draft, actor, now)
    fields = draft.model_dump() | {"starts_at": max(draft.starts_at, now)}
    id_ = alert_id(f"{actor}/{draft.model_dump_json()}", now)
    made = Suppression(**fields, id=id_, created_by=actor, created_at=now)
    return made, _entry(made, actor, "suppression_create", now)


def shelve(
    book: Suppressions, alert: Alert, until: float, reason: str, actor: str, now: float
) -> tuple[Suppression, Entry]:
    """Put one alert aside until ``until``; a fire for a shorter time.

    Raises:
        IllegalMove: as for :func:`create`.
    """
    fire = speaks_of_fire(alert, book.fire_rules)
    draft = Draft(means=Means.SHELVE, alert=alert.id, fire=fire, starts_at=now, ends_at=until, reason=reason)
    return create(book, draft, actor, now)


def extend(book: Suppressions, id_: str, until: float, actor: str, now: float) -> tuple[Suppression, Entry]:
    """Let a suppression last until ``until``.

    Raises:
        KeyError: there is none of this id.
        IllegalMove: it is over, would last too long, or mutes fire and ``actor`` raised or last prolonged it.
    """
    before = _running(book, id_, now)
    if until <= before.ends_at:
        raise IllegalMove("it lasts longer than that already; end it to shorten it")
    longest = book.limits.longest_s(before.means, before.fire)
    if until - now > longest + SLACK_S:
        raise IllegalMove(f"from now on it may last {longest / 3600:g} h at most")
    if before.fire and before.last_by == actor:
        raise IllegalMove("it mutes fire: another person must prolong it")
    after = before.model_copy(update={"ends_at": until, "extended_by": (*before.extended_by, actor)})
    return after, _entry(after, actor, "suppression_extend", now, earlier=before.ends_at)


def end(book: Suppressions, id_: str, actor: str, now: float) -> tuple[Suppression, Entry]:
    """End a suppression before its time.

    Raises:
        KeyError: there is none of this id.
        IllegalMove: it is over.
    """
    before = _running(book, id_, now)
    after = before.model_copy(update={"ends_at": now, "ended_by": actor})
    return after, _entry(after, actor, "suppression_end", now, earlier=before.ends_at)


def _check_times(book: Suppressions, draft: Draft, now: float) -> None:
    start = max(draft.starts_at, now)
    longest = book.limits.longest_s(draft.means, draft.fire)
    if draft.ends_at <= start:
        raise IllegalMove("it would be over before it begins; give an end in the future")
    if draft.ends_at - start > longest + SLACK_S:
        whom = "what mutes fire" if draft.fire else f"a suppression of this means ({draft.means})"
        raise IllegalMove(f"{whom} may last {longest / 3600:g} h at most; another person can prolong it")
    if start > now + MAX_AHEAD_S:
        raise IllegalMove("it begins more than 90 days ahead; raise it nearer to its time")
    if draft.during is not None and draft.during not in book.schedules:
        known = ", ".join(sorted(book.schedules)) or "none"
        raise IllegalMove(f"there is no schedule {draft.during!r} in the site file; known: {known}")


def _check_matcher(book: Suppressions, draft: Draft) -> None:
    if (draft.means is Means.SHELVE) != bool(draft.alert):
        raise IllegalMove("shelving is about one alert, the others about matching alerts; see docs/suppression.md")
    if draft.means is not Means.SHELVE and draft.matcher.everything:
        raise IllegalMove("it would mute the whole site; name a building, a zone, a kind, a rule or a severity")


def _check_author(book: Suppressions, draft: Draft, actor: str, now: float) -> None:
    for each in book:
        same = each.alert == draft.alert if draft.means is Means.SHELVE else each.matcher.overlaps(draft.matcher)
        if each.fire and same and each.last_by == actor and each.ends_at > now - FIRE_PAUSE_S:
            raise IllegalMove("you muted fire there within the last hour: another person must go on with it")


def _running(book: Suppressions, id_: str, now: float) -> Suppression:
    found = book.get(id_)
    if found is None:
        raise KeyError(id_)
    if found.ends_at <= now:
        raise IllegalMove("it is over; raise a new one")
    return found


def _entry(each: Suppression, actor: str, action: str, now: float, **more: Any) -> Entry:
    return Entry(now, actor, action, each.alert, each.model_dump(mode="json", exclude_defaults=True) | more)
