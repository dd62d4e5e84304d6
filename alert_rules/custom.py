"""A community's own rules as the site file spells them. :mod:`alert_rules.generic` turns them into rules."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alert_rules.alert import Severity
from alert_rules.scope import Scope
from devices.model import DeviceKind
from devices.names import EVENTS, QUANTITIES, STATES

MAX_DEPTH = 5


def _one_of(table: Iterable[str], what: str) -> AfterValidator:
    names = sorted(table)

    def check(name: str) -> str:
        if name in names:
            return name
        near = get_close_matches(name, names, 1, 0.6)
        raise ValueError(f"no {what} is called {name!r}; " + (f"did you mean {near[0]!r}?" if near else "see names.md"))

    return AfterValidator(check)


class Spelled(BaseModel):
    """Unknown fields are refused, and so are numbers that are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Title(Spelled):
    """What people read instead of the rule's name."""

    zh: str = Field(min_length=1, max_length=60, description="in Chinese")
    en: str = Field(min_length=1, max_length=60, description="in English")


class When(Spelled):
    """One condition: exactly one of `measurement`, `state`, `event`, `absent`, `during`, `all` and `any`.

    Units are those of names.md, times are seconds, written as plain numbers. What is unknown neither raises nor clears.
    """

    measurement: Annotated[str, _one_of(QUANTITIES, "measurement")] | None = Field(
        default=None, description="a quantity of names.md; give above, below, rises_by or falls_by"
    )
    above: float | None = Field(default=None, description="true above this value of the measurement")
    below: float | None = Field(default=None, description="true below this value of the measurement")
    clear: float | None = Field(default=None, description="hysteresis: once true, until the value is back at this one")
    rises_by: float | None = Field(default=None, gt=0, description="true when it rose by this much within_s")
    falls_by: float | None = Field(default=None, gt=0, description="true when it fell by this much within_s")
    state: Annotated[str, _one_of(STATES, "state")] | None = Field(default=None, description="a state of names.md")
    equals: bool | str | None = Field(default=None, description="true while the state has this value; default: true")
    event: Annotated[str, _one_of(EVENTS, "event")] | None = Field(default=None, description="an event of names.md")
    times: int | None = Field(default=None, ge=1, le=100, description="so many events within_s; default: 1")
    within_s: float | None = Field(default=None, gt=0, le=604_800, description="seconds that rate and events look back")
    absent: Annotated[str, _one_of([*QUANTITIES, *STATES, *EVENTS], "measurement, state or event")] | None = Field(
        default=None, description="a name of names.md: true once not heard for_s, counted from when it was first heard"
    )
    for_s: float | None = Field(default=None, gt=0, le=2_678_400, description="seconds of absence")
    during: str | None = Field(default=None, description="name of a schedule: true while it is on")
    all: list["When"] | None = Field(default=None, min_length=1, description="true when all of these are")
    any: list["When"] | None = Field(default=None, min_length=1, description="true when one of these is")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        kinds = [name for name in _TAKES if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"give exactly one of {', '.join(_TAKES)}, not {len(kinds)}")
        stray = [name for name in _DETAILS if getattr(self, name) is not None and name not in _TAKES[kinds[0]]]
        if stray:
            raise ValueError(f"{stray[0]} does not belong to {kinds[0]}")
        if self.measurement is not None:
            self._check_measurement(self.measurement)
        if self.state is not None:
            self._check_state(self.state)
        if self.event is not None and self.within_s is None:
            raise ValueError("an event is over at once: give within_s, the seconds for which it counts")
        if self.absent is not None and self.for_s is None:
            raise ValueError("absent needs for_s, the seconds without it")
        return self

    def _check_measurement(self, name: str) -> None:
        given = [n for n in ("above", "below", "rises_by", "falls_by") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("a measurement needs one of above, below, rises_by and falls_by")
        if given[0] in ("rises_by", "falls_by"):
            self._check_rate(name)
        else:
            self._check_level(name)

    def _check_rate(self, name: str) -> None:
        if self.within_s is None or self.clear is not None:
            raise ValueError("a rate needs within_s, and no clear")
        change, quantity = self.rises_by or self.falls_by or 0.0, QUANTITIES[name]
        if change > quantity.high - quantity.low:
            raise ValueError(f"impossible: {name} lies between {quantity.low:g} and {quantity.high:g} {quantity.unit}")

    def _check_level(self, name: str) -> None:
        quantity = QUANTITIES[name]
        limit = self.above if self.above is not None else self.below
        assert limit is not None  # noqa: S101 - one of them was given
        lowest, highest = quantity.low, quantity.high
        if not (lowest <= limit < highest if self.above is not None else lowest < limit <= highest):
            span = f"between {lowest:g} and {highest:g} {quantity.unit}"
            raise ValueError(f"impossible threshold: {name} lies {span}, so it would be met always or never")
        if self.within_s is not None:
            raise ValueError("within_s belongs to a rate or an event; how long it must last is the rule's for_s")
        if self.clear is not None and (self.clear > limit if self.above is not None else self.clear < limit):
            raise ValueError("clear must lie on the normal side of the threshold")

    def _check_state(self, name: str) -> None:
        state, value = STATES[name], self.value
        if (state.type == "bool") is not isinstance(value, bool):
            raise ValueError(f"{name} is {'true or false' if state.type == 'bool' else 'a word'}, equals is not")
        if state.values and value not in state.values:
            raise ValueError(f"{name} is never {value!r}; it is one of {', '.join(state.values)}")

    @property
    def value(self) -> bool | str:
        """What a state must be."""
        return True if self.equals is None else self.equals

    def leaves(self) -> Iterator["When"]:
        """Every condition without parts, in the order of the file."""
        parts = [*(self.all or ()), *(self.any or ())]
        if not parts:
            yield self
        for part in parts:
            yield from part.leaves()

    def depth(self) -> int:
        """How many conditions are inside one another."""
        return 1 + max((part.depth() for part in (*(self.all or ()), *(self.any or ()))), default=0)

    def kinds(self) -> frozenset[DeviceKind]:
        """The kinds of devices that can say what this asks; none for a schedule."""
        found: frozenset[DeviceKind] = frozenset()
        for name in filter(None, (self.measurement, self.state, self.event, self.absent)):
            for table in (QUANTITIES, STATES, EVENTS):
                found |= table[name].kinds if name in table else frozenset()
        return found


_TAKES: dict[str, tuple[str, ...]] = {
    "measurement": ("above", "below", "clear", "rises_by", "falls_by", "within_s"),
    "state": ("equals",),
    "event": ("times", "within_s"),
    "absent": ("for_s",),
    "during": (),
    "all": (),
    "any": (),
}
_DETAILS = frozenset(name for names in _TAKES.values() for name in names)


class CustomRule(Spelled):
    """A rule of the site's own. It judges each device by itself."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="its own name: small letters, digits and _")
    title: Title = Field(description="what people read")
    severity: Severity = Field(description="how bad it is")
    where: Scope = Field(default=Scope(), description="the devices it judges; default: all that can say what it asks")
    when: When = Field(description="what must be true")
    for_s: float = Field(default=0, ge=0, le=604_800, description="seconds it must last before it raises")
    release_s: float = Field(default=0, ge=0, le=604_800, description="seconds it must be gone before it clears")
    auto_resolve: bool = Field(default=False, description="resolve by itself once cleared; critical alerts never do")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        leaves = list(self.when.leaves())
        if self.when.depth() > MAX_DEPTH:
            raise ValueError(f"conditions are nested more than {MAX_DEPTH} deep")
        if all(leaf.during is not None for leaf in leaves):
            raise ValueError("a schedule alone says nothing of a device; combine it with a condition under all")
        for leaf in leaves:
            if self.where.kind and leaf.during is None and not leaf.kinds() & set(self.where.kind):
                name = leaf.measurement or leaf.state or leaf.event or leaf.absent
                raise ValueError(f"none of where.kind ever reports {name}; see names.md")
        return self

    def kinds(self) -> frozenset[DeviceKind]:
        """The kinds of devices to judge."""
        able = frozenset(kind for leaf in self.when.leaves() for kind in leaf.kinds())
        return able & frozenset(self.where.kind) if self.where.kind else able
