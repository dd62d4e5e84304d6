"""How often what changed is collected and saved when no alert asks for it."""

from typing import Any

import pytest

from gateway.site import Site
from tests.unit.core.world import running


async def test_a_dear_checkpoint_makes_the_next_one_rarer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(site) as world:
        evaluator = world.evaluator
        collect = evaluator._engine.checkpoint

        def slowly() -> Any:
            world.clock.time += 0.2
            return collect()

        def due_after(seconds: float) -> bool:
            evaluator._evaluated = True
            world.clock.time += seconds
            return evaluator._checkpoint_due()

        evaluator._take()
        assert (due_after(4.9), due_after(0.2)) == (False, True)
        monkeypatch.setattr(evaluator._engine, "checkpoint", slowly)
        evaluator._take()
        assert (due_after(19.9), due_after(0.2)) == (False, True)
