"""Every operation of the API, called as described: no crash, and no answer the description does not know."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.alerts.people import Role
from gateway.api.limits import Limits
from tests.unit.api.world import World

EXAMPLES = 4
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
COOKIE = {"Cookie": f"cg_session={Role.ADMINISTRATOR}"}


def fresh() -> World:
    world = World()
    world.populate()
    world.app.state.limits = Limits(lambda: 0.0, burst=1e9)
    return world


def described() -> list[Any]:
    """Every operation but the stream, which does not end, and feedback, which the memory port only echoes."""
    loaded = schemathesis.openapi.from_asgi("/api/openapi.json", fresh().app, headers=COOKIE)
    found = [result.ok() for result in loaded.get_all_operations()]
    return [operation for operation in found if operation.path not in ("/api/stream", "/api/feedback")]


OPERATIONS = described()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label.replace(" ", ""))
def test_no_call_crashes_or_answers_beyond_the_description(operation: Any) -> None:
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(7)
    @bounded
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        response = case.call(app=fresh().app, headers=COOKIE)  # what one call changes must not decide another
        case.validate_response(response, checks=CHECKS)

    call()


def test_it_would_notice_an_answer_beyond_the_description() -> None:
    operation = next(each for each in OPERATIONS if each.label == "GET /readyz")
    response = operation.Case().call(app=fresh().app, headers=COOKIE)
    response.status_code = 418
    with pytest.raises(BaseException, match="418"):
        operation.Case().validate_response(response, checks=CHECKS)
