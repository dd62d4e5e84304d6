"""``gateway demo``: a broker, the gateway and a simulated community on this machine, until it is stopped."""

from gateway.demo.run import run_demo

__all__ = ["run_demo"]
