"""Real servers for tests: started on free loopback ports below a temporary folder, ended by their own process id.

An absent binary skips the test with its name; where ``CI=true`` it fails, so that nothing is silently untested.
"""

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
START_S = 30.0


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require(binary: str) -> str:
    """The path of ``binary``; absent: the test is skipped, in CI it fails."""
    path = shutil.which(binary, path=SEARCH)
    if path is not None:
        return path
    message = f"{binary} is not installed; the tests that need it did not run"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def wait_until(predicate: Callable[[], bool], timeout: float = START_S, what: str = "the condition") -> None:
    """Poll ``predicate`` until it holds.

    Raises:
        TimeoutError: it did not hold within ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {timeout} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether something accepts TCP connections on the loopback ``port``."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def answers(url: str) -> bool:
    """Whether an HTTP GET of ``url`` ends in a 2xx status."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=2)
    try:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}")
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def process(command: list[str], log: Path, ready: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` until the block ends; enter the block once ``ready``. Output goes to ``log``."""
    with log.open("ab") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        wait_until(lambda: child.poll() is not None or ready(), what=f"{command[0]} (log: {log})")
        if child.poll() is not None:
            raise RuntimeError(
                f"{command[0]} ended with {child.returncode}:\n{log.read_text(errors='replace')[-2000:]}"
            )
        yield child
    finally:
        end(child)


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask ``child`` to end; after 10 s insist."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def mosquitto(tmp_path: Path, extra_conf: str = "", port: int | None = None) -> Iterator[int]:
    """A broker; yields its port. Pass ``port`` to start it again where it was.

    Anonymous clients and no persistence, unless ``extra_conf`` says otherwise (``persistence`` and
    ``allow_anonymous`` lines replace the defaults).
    """
    binary = require("mosquitto")
    folder = _folder(tmp_path, "mosquitto")
    port = port or free_port()
    given = {line.split()[0] for line in extra_conf.splitlines() if line.strip()}
    defaults = {"persistence": "false", "allow_anonymous": "true"}
    lines = [f"listener {port} 127.0.0.1", *(f"{k} {v}" for k, v in defaults.items() if k not in given)]
    if os.geteuid() == 0 and "user" not in given:
        lines.append("user root")
    conf = folder / f"mosquitto-{port}.conf"
    conf.write_text("\n".join([*lines, extra_conf, ""]))
    with process([binary, "-c", str(conf)], folder / "mosquitto.log", lambda: listens(port)):
        yield port


@contextmanager
def influxdb(tmp_path: Path, database: str = "community", port: int | None = None) -> Iterator[str]:
    """InfluxDB 1.x behind nginx, which maps the 2.x write address onto the old one; yields the base URL.

    ``database`` exists. ``/api/v2/write``, ``/query``, ``/ping`` and ``/health`` answer. Pass ``port`` and the same
    ``tmp_path`` to start it again with its data where it was.
    """
    influxd, nginx = require("influxd"), require("nginx")
    folder = _folder(tmp_path, "influxdb")
    backend, rpc, front = free_port(), free_port(), port or free_port()
    conf = folder / "influxdb.conf"
    conf.write_text(_influxd_conf(folder, backend, rpc))
    proxy = folder / "nginx.conf"
    proxy.write_text(_nginx_conf(folder, backend, front))
    url, ping = f"http://127.0.0.1:{front}", f"http://127.0.0.1:{backend}/ping"
    nginx_command = [nginx, "-e", str(folder / "nginx-error.log"), "-p", str(folder), "-c", str(proxy)]
    with ExitStack() as stack:
        stack.enter_context(process([influxd, "-config", str(conf)], folder / "influxd.log", lambda: answers(ping)))
        stack.enter_context(process(nginx_command, folder / "nginx.log", lambda: answers(f"{url}/ping")))
        create_database(url, database)
        yield url


@contextmanager
def victoria_metrics(tmp_path: Path) -> Iterator[str]:
    """VictoriaMetrics, 100 years of retention; yields the base URL. ``/internal/force_flush`` makes writes visible."""
    binary = shutil.which("victoria-metrics-prod", path=SEARCH) or require("victoria-metrics")
    folder = _folder(tmp_path, "victoria-metrics")
    port = free_port()
    options = {
        "storageDataPath": folder / "data",
        "httpListenAddr": f"127.0.0.1:{port}",
        "retentionPeriod": "100y",
        "search.latencyOffset": "0s",
    }
    command = [binary, *(f"-{name}={value}" for name, value in options.items())]
    url = f"http://127.0.0.1:{port}"
    with process(command, folder / "victoria-metrics.log", lambda: answers(f"{url}/health")):
        yield url


def create_database(url: str, name: str) -> None:
    """Create a database on the server that ``influxdb`` yielded."""
    statement = f'CREATE DATABASE "{name}"'
    _post(url, f"/query?q={quote(statement)}")


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _post(base: str, target: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    try:
        connection.request("POST", target)
        answer = connection.getresponse()
        if answer.status >= 300:
            raise RuntimeError(f"{base}{target} answered {answer.status}: {answer.read()!r}")
    finally:
        connection.close()


def _influxd_conf(folder: Path, port: int, rpc: int) -> str:
    return f"""
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
"""


def _nginx_conf(folder: Path, backend: int, front: int) -> str:
    temporary = "\n".join(f"  {name}_temp_path {folder}/{name};" for name in TEMPORARY)
    return f"""
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
{temporary}
  client_max_body_size 64m;
  map $arg_precision $old_precision {{ default $arg_precision; ns n; us u; "" n; }}
  server {{
    listen 127.0.0.1:{front};
    location = /api/v2/write {{
      rewrite ^ /write?db=$arg_bucket&precision=$old_precision? break;
      proxy_pass http://127.0.0.1:{backend};
    }}
    location = /health {{ rewrite ^ /ping break; proxy_pass http://127.0.0.1:{backend}; }}
    location / {{ proxy_pass http://127.0.0.1:{backend}; }}
  }}
}}
"""


TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
