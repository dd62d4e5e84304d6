"""Plans are read from files; every mistake is named with file, line, field and remedy."""

from pathlib import Path

import pytest

from alert_rules.catalogue import RULES
from gateway.errors import OperatorError, SiteFileError
from gateway.plans.reader import SHIPPED, plans_of

GOOD = """\
id: fire
title: {zh: 火, en: Our fire}
start: {rules: [smoke_alarm], severity: critical}
steps:
  - {id: see, text: {zh: 看, en: Look}, role: guard, deadline_s: 60}
"""


def wrong(folder: Path, text: str) -> list[str]:
    (folder / "own.yaml").write_text(text)
    with pytest.raises(SiteFileError) as caught:
        plans_of(folder, RULES)
    return caught.value.problems


@pytest.mark.parametrize(
    "plan", ["fire", "entrapment", "falling_object", "blocked_lane", "intrusion", "flood", "power_failure"]
)
def test_seven_emergencies_are_shipped_in_both_languages(plan: str) -> None:
    found = plans_of(None, RULES)[plan]
    words = [found.title, *(step.text for step in found.steps), *(w for step in found.steps for w in step.resources)]
    assert all(any("\u4e00" <= character <= "\u9fff" for character in each.zh) for each in words)
    assert all(each.en.isascii() for each in words)
    assert len({step.role for step in found.steps}) >= 2
    assert [step.deadline_s for step in found.steps] == sorted(step.deadline_s for step in found.steps)


def test_a_fire_starts_its_plan_by_itself_when_it_is_critical() -> None:
    start = plans_of(None, RULES)["fire"].start
    assert start.automatic
    assert "smoke_alarm" in start.rules


def test_files_are_named_after_their_plan() -> None:
    assert {path.stem for path in SHIPPED.glob("*.yaml")} == plans_of(None, RULES).keys()


def test_a_plan_of_the_site_replaces_a_shipped_one_and_another_is_added(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD)
    (tmp_path / "more.yml").write_text(GOOD.replace("id: fire", "id: gas"))
    found = plans_of(tmp_path, RULES)
    assert found["fire"].title.en == found["gas"].title.en == "Our fire"
    assert "flood" in found


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (("deadline_s: 60", "deadline_s: 5 min"), "own.yaml:5: steps[0].deadline_s", "write 300"),
        (("role: guard", "role: gard"), "own.yaml:5: steps[0].role", "did you mean 'guard'?"),
        (("smoke_alarm", "smoke_alram"), "own.yaml:3: start.rules[0]", "did you mean 'smoke_alarm'?"),
        (("title:", "titel:"), "own.yaml:2: titel", "did you mean 'title'?"),
        (("zh: 看, ", ""), "own.yaml:5: steps[0].text.zh", "in Chinese"),
        (("severity: critical", "severity: grave"), "own.yaml:3: start.severity", "critical"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(
    tmp_path: Path, change: tuple[str, str], place: str, said: str
) -> None:
    problems = wrong(tmp_path, GOOD.replace(*change))
    assert any(place in problem and said in problem for problem in problems), problems


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    assert len(wrong(tmp_path, GOOD.replace("guard", "gard").replace("smoke_alarm", "none"))) >= 1
    (tmp_path / "second.yaml").write_text("id: [")
    assert len({problem.split(":")[0] for problem in wrong(tmp_path, "id: 1\n")}) == 2


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    assert "'fire' is in a.yaml already" in wrong(tmp_path, GOOD)[0]


def test_two_steps_with_one_name_are_refused(tmp_path: Path) -> None:
    step = GOOD.splitlines()[-1]
    assert "steps with the same id: see" in wrong(tmp_path, f"{GOOD}{step}\n")[0]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="mend the field plans"):
        plans_of(tmp_path / "none", RULES)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperatorError, match=r"own\.yaml"):
        plans_of(tmp_path, RULES)
