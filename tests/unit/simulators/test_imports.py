"""The simulators share no code with what decodes their messages."""

import subprocess
import sys

PROBE = """
import sys
import simulators.cli
shared = [name for name in sys.modules if name.split(".")[0] in {"gateway", "alert_rules"}]
shared += [name for name in sys.modules if name.startswith(("devices.dialects", "devices.decode"))]
sys.exit(", ".join(shared) or 0)
"""


def test_neither_gateway_nor_decoder_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
