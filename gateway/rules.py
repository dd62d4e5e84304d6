"""From the site file to rules."""

from typing import Any

from alert_rules.calendar import Calendar
from alert_rules.catalogue import build_rules
from alert_rules.generic import compile_rules
from alert_rules.rule import Rule
from gateway.site import Site


def calendar_of(site: Site) -> Calendar:
    """The site's local time and working days."""
    return Calendar(site.site.timezone, site.calendar.holidays, site.calendar.workdays)


def rules_of(site: Site) -> list[Rule[Any, Any]]:
    """Every rule with the parameters of the site file, then the site's own."""
    calendar = calendar_of(site)
    return build_rules(site.rules, calendar, compile_rules(site.custom_rules, site.schedules, calendar))
