"""``python -m tests.faults``: the full run behind ``make faults``. Ends with 1 if anything acknowledged was lost."""

import argparse
import json
import random
import signal
import sys

import msgspec
from rich.console import Console

from tests.faults.findings import Finding, show
from tests.faults.suite import FULL, SHORT, play, scenarios


def main() -> int:
    """Run the scenarios named (all without a name), print the table, with ``--json`` an object last."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception lets every process be ended
    seed = random.SystemRandom().randrange(2**31) if options.seed is None else options.seed
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(f"seed {seed}; the same run again: python -m tests.faults --seed {seed}", highlight=False)
    chosen = scenarios(SHORT if options.short else FULL)
    findings = []
    for name in options.scenario or chosen:
        console.print(f"{name} ...", highlight=False)
        finding = play(chosen[name], seed)
        finding.scenario = finding.scenario or name
        findings.append(finding)
        for line in finding.bad:
            console.print(f"  FAILED {line}", style="red", markup=False, highlight=False)
    show(console, findings)
    if options.json:
        print(json.dumps(_summary(seed, findings)))
    return 0 if all(finding.good for finding in findings) else 1


def _summary(seed: int, findings: list[Finding]) -> dict[str, object]:
    return {
        "seed": seed,
        "good": all(finding.good for finding in findings),
        "scenarios": [{**msgspec.to_builtins(finding), "good": finding.good} for finding in findings],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*scenarios(SHORT), []], help="which; default: all")
    parser.add_argument("--seed", type=int, help="repeat a run; default: a new one, printed")
    parser.add_argument("--short", action="store_true", help="the lengths of make test")
    parser.add_argument("--json", action="store_true", help="print a JSON object last")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
