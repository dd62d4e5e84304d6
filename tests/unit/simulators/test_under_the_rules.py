"""The community under the real decoder and the real rules: ordinary life raises nothing, the incidents exactly five."""

from collections import Counter

import pytest

from alert_rules.alert import Action, Severity, Transition
from alert_rules.catalogue import build_rules
from alert_rules.engine import Engine
from devices.decode import Decoder
from devices.model import Envelope, Reject
from gateway.config import registry_of
from gateway.site import Site
from simulators.community import Community, build
from simulators.scenario import Incident, demo
from simulators.site import site
from simulators.timeline import Message
from tests.unit.simulators.hour import START, messages

DWELL_S = 10.0
DELAY_S = 0.01


class Judged:
    """What decoder and rules make of a community's messages."""

    def __init__(self, community: Community, said: list[Message]) -> None:
        registry = registry_of(Site.model_validate(site(community, "127.0.0.1", 1883)))
        decoder = Decoder(registry, community.id)
        engine = Engine(build_rules({"fire_lane_blocked": {"dwell_s": DWELL_S, "major_s": DWELL_S}}), registry, START)
        self.rejected: list[Reject] = []
        self.transitions: list[Transition] = []
        for message in said:
            received_at = message.at + DELAY_S
            decoded = decoder.decode(Envelope(message.topic, message.payload, received_at))
            if isinstance(decoded, Reject):
                self.rejected.append(decoded)
                continue
            for report in decoded:
                self.transitions += engine.observe(report, received_at)
            self.transitions += engine.advance(received_at)
        self.duplicates = engine.duplicates

    def of(self, action: Action) -> list[Transition]:
        return [transition for transition in self.transitions if transition.action is action]


@pytest.fixture(scope="module")
def judged(community: Community, demo_hour: list[Message]) -> Judged:
    return Judged(community, demo_hour)


@pytest.mark.parametrize("seed", range(8))
def test_two_hours_of_ordinary_life_raise_nothing(seed: int) -> None:
    community = build(80, seed)
    judged = Judged(community, messages(community, [], 2 * 3600))
    assert judged.transitions == []
    assert judged.rejected == []
    assert judged.duplicates == 0


@pytest.mark.parametrize("seed", range(20))
def test_the_demonstration_raises_exactly_its_five_whatever_the_seed(seed: int) -> None:
    community = build(60, seed)
    raised = Judged(community, messages(community, demo(community), 900)).of(Action.RAISE)
    expected = Counter((incident.rule, incident.device) for incident in demo(community))
    assert Counter((transition.rule, transition.device) for transition in raised) == expected


def test_a_community_of_300_raises_exactly_five_in_an_hour(community: Community, judged: Judged) -> None:
    assert len(judged.of(Action.RAISE)) == 5
    assert judged.rejected == []
    assert judged.duplicates == 0


def test_each_alert_comes_when_its_rule_says(community: Community, judged: Judged) -> None:
    at = {transition.rule: transition.at - START for transition in judged.of(Action.RAISE)}
    for incident in demo(community):
        waits = DWELL_S if incident.rule == "fire_lane_blocked" else 0
        assert at[incident.rule] == pytest.approx(incident.at_s + waits, abs=0.1)


def test_the_visitor_sees_every_colour_a_guard_must_act_on(judged: Judged) -> None:
    severities = {transition.rule: transition.severity for transition in judged.of(Action.RAISE)}
    assert severities == {
        "smoke_alarm": Severity.CRITICAL,
        "lift_entrapment": Severity.CRITICAL,
        "gate_forced": Severity.MAJOR,
        "fire_lane_blocked": Severity.MAJOR,
        "falling_object": Severity.MAJOR,
    }


def test_what_ends_by_itself_is_cleared(judged: Judged) -> None:
    cleared = {transition.rule for transition in judged.of(Action.CLEAR)}
    assert {"lift_entrapment", "fire_lane_blocked"} <= cleared


def test_the_demonstrations_devices_are_known(judged: Judged) -> None:
    assert all(transition.registered and not transition.test for transition in judged.transitions)


def test_the_check_itself_can_fail(community: Community) -> None:
    gate = next(member.id for member in community.members if member.id.startswith("gate"))
    judged = Judged(community, messages(community, [Incident(30.0, "gate_forced", gate)], 60))
    assert [transition.rule for transition in judged.of(Action.RAISE)] == ["gate_forced"]


def test_a_device_that_falls_silent_would_be_noticed(community: Community, quiet_hour: list[Message]) -> None:
    detector = next(member.id for member in community.members if member.id.startswith("smoke"))
    said = [m for m in quiet_hour if m.at < START + 600 or f"/{detector}/" not in m.topic]
    raised = Judged(community, said).of(Action.RAISE)
    assert {(transition.rule, transition.device) for transition in raised} == {("device_offline", detector)}
