"""Reads emergency plans: those that are shipped, and a site's own, which add to them or replace them by name."""

from collections.abc import Collection, Iterable
from pathlib import Path

from pydantic import ValidationError

from alert_rules.plan import Plan
from gateway.config import located
from gateway.errors import OperatorError, SiteFileError
from gateway.site import Site
from gateway.site_fields import Problem, closest, field_problems
from gateway.yaml_reader import Unreadable, read_yaml

SHIPPED = Path(__file__).parent
MAX_BYTES = 1_000_000


def known_plans(site: Site) -> dict[str, Plan]:
    """The plans that hold at ``site``, by name. Raises as :func:`plans_of`."""
    from alert_rules.catalogue import RULES  # loads every rule: not for `gateway --help`

    return plans_of(site.plans, {*RULES, *(rule.name for rule in site.custom_rules)})


def plans_of(own: Path | None, rules: Collection[str]) -> dict[str, Plan]:
    """Every plan by name. ``own`` is the site's folder of plans, ``rules`` the names of the rules there are.

    Raises:
        OperatorError: the folder, or a file in it, cannot be read.
        SiteFileError: a plan is wrong; carries every problem of all files, with file, line, field and remedy.
    """
    files = sorted(SHIPPED.glob("*.yaml"))
    plans, problems = _read_all(files, rules)
    if own is not None:
        if not own.is_dir():
            raise OperatorError(str(own), "is no folder", "make it, or mend the field plans in the site file")
        mine, problems = _read_all(sorted([*own.glob("*.yaml"), *own.glob("*.yml")]), rules)
        plans |= mine
    if problems:
        raise SiteFileError(str(own or SHIPPED), problems)
    return plans


def _read_all(files: Iterable[Path], rules: Collection[str]) -> tuple[dict[str, Plan], list[str]]:
    plans: dict[str, Plan] = {}
    problems: list[str] = []
    origin: dict[str, Path] = {}
    for path in files:
        plan, wrong = _read(path, rules)
        problems += wrong
        if plan is not None and plan.id in plans:
            problems.append(f"{path}:1: id: {plan.id!r} is in {origin[plan.id].name} already; give each plan its own")
        elif plan is not None:
            plans[plan.id], origin[plan.id] = plan, path
    return plans, problems


def _read(path: Path, rules: Collection[str]) -> tuple[Plan | None, list[str]]:
    try:
        text = path.read_bytes()[:MAX_BYTES].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(str(path), f"cannot be read: {error}", "make it a readable UTF-8 file") from None
    try:
        plan = Plan.model_validate(read_yaml(text))
    except Unreadable as error:
        return None, [f"{path}:{error.line or 1}: {error.message}"]
    except ValidationError as error:
        return None, located(path, text, field_problems(error, Plan))
    unknown = [(n, name) for n, name in enumerate(plan.start.rules) if name not in rules]
    wrong = [Problem(("start", "rules", n), f"there is no rule {name!r}", closest(name, rules)) for n, name in unknown]
    return (None if wrong else plan), located(path, text, wrong)
