"""Site files: what loads, every way to be wrong, and the words the operator reads."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import DeviceKind
from gateway.config import MAX_SITE_BYTES, database_url, load_site, registry_of, reveal
from gateway.errors import OperatorError, SiteFileError
from gateway.site import Secret, Site

MINIMAL = "site: {id: home, name: Home}\n"
NAMES = [
    "id",
    "kind",
    "name",
    "building",
    "floor",
    "floors",
    "dialect",
    "address",
    "tls",
    "ca",
    "url",
    "env",
    "dwell_s",
]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str | bytes, name: str = "site.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


def problems(path: Path) -> list[str]:
    with pytest.raises(SiteFileError) as caught:
        load_site(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.problems]


def cause(path: Path) -> OperatorError:
    with pytest.raises(OperatorError) as caught:
        load_site(path)
    assert caught.value.remedy
    return caught.value


def test_the_smallest_file_has_safe_defaults(write: Write) -> None:
    site = load_site(write(MINIMAL))
    assert site.site.timezone == "Asia/Shanghai"
    assert (site.api.host, site.mqtt.host) == ("127.0.0.1", "127.0.0.1")
    assert site.history.store == "embedded"


def test_relative_paths_count_from_the_file(write: Write, tmp_path: Path) -> None:
    text = MINIMAL + "mqtt: {username: u, password: {file: secrets/mqtt}}\n"
    site = load_site(write(text))
    assert site.data_dir == tmp_path / "var"
    assert site.mqtt.password is not None
    assert site.mqtt.password.file == tmp_path / "secrets/mqtt"
    assert database_url(site) == f"sqlite:///{tmp_path}/var/alerts.db"


def test_absolute_paths_and_a_database_stay_as_given(write: Write) -> None:
    site = load_site(write(MINIMAL + "data_dir: /srv/x\ndatabase: postgresql+psycopg://gw@db/alerts\n"))
    assert site.data_dir == Path("/srv/x")
    assert database_url(site) == "postgresql+psycopg://gw@db/alerts"


def test_json_and_yaml_mean_the_same(write: Write) -> None:
    data = {"site": {"id": "home", "name": "家"}, "devices": [{"id": "lift-1", "kind": "lift"}]}
    as_json = load_site(write(json.dumps(data), "site.json"))
    as_yaml = load_site(write(json.dumps(data, ensure_ascii=False), "other.yaml"))
    assert as_json == as_yaml


def test_the_example_is_valid() -> None:
    site = load_site(Path(__file__).parents[2] / "deploy/site.example.yaml")
    assert {device.kind for device in site.devices} == set(DeviceKind)
    assert site.buildings[0].floors == ["B1", "1", "2", "3", "4", "5", "6"]


def test_the_registry_knows_every_device_by_id_and_address(write: Write) -> None:
    text = (
        MINIMAL + "devices: [{id: a, kind: lift}, {id: b, kind: camera, address: x7, floor: 2, expect_every_s: 60}]\n"
    )
    registry = registry_of(load_site(write(text)))
    assert len(registry) == 2
    assert registry.resolve("native", "a") is registry.get("a")
    found = registry.resolve("native", "x7")
    assert found is not None
    assert (found.id, found.kind, found.floor, found.expect_every_s) == ("b", DeviceKind.CAMERA, "2", 60)


def test_every_problem_is_reported_at_once_with_its_line(write: Write) -> None:
    text = """site:
  id: bad id
buildings:
  - {id: b1, floors: [1, 2, 2]}
devices:
  - id: a
    kind: smoke_detectr
    building: b2
  - id: a
    kind: lift
    bulding: b1
    building: b1
    floor: 9
    dialect: nativ
mqtt:
  port: 99999
"""
    assert problems(write(text)) == [
        "1: site.name: is missing; add it: name people read",
        "2: site.id: is no valid id; use letters, digits and _ . : - only, at most 64, the first a letter or digit",
        "4: buildings[0].floors[2]: floor '2' is listed twice; remove one",
        "7: devices[0].kind: should be 'smoke_detector', 'lift', 'access_gate', 'camera' or 'water_leak'; "
        "did you mean 'smoke_detector'?",
        "8: devices[0].building: unknown building 'b2'; known: b1",
        "9: devices[1].id: 'a' is taken by devices[0]; give each its own",
        "11: devices[1].bulding: unknown field; did you mean 'building'?",
        "13: devices[1].floor: building 'b1' has no floor '9'; known: 1, 2",
        "14: devices[1].dialect: unknown dialect 'nativ'; did you mean 'native'?",
        "16: mqtt.port: should be less than or equal to 65535; it means: broker's port; 8883 is usual with TLS",
    ]


def test_a_wrong_option_of_a_dialect_is_found_at_its_line(write: Write) -> None:
    text = f"""{MINIMAL}dialects:
  mapping:
    topics:
      - topic: plant/{{device}}
        kind: water_leak
        lane: alarm
        fields: {{water_leak: wet}}
      - topic: hall/{{device}}
        kind: lift
        lane: alarm
        fields:
          speed: {{path: v, unit: mph}}
"""
    (problem,) = problems(write(text))
    assert problem == (
        "9: dialects.mapping.topics[1]: speed: unit 'mph' does not turn into 'm/s'; known: m/s, mm/s, cm/s, m/min, "
        "km/h; scale and offset do the rest; see docs/dialects.md for the options of mapping"
    )


def test_an_open_endpoint_needs_its_dialect(write: Write) -> None:
    text = MINIMAL + "dialects: {hikvision: {}}\npush:\n  hikvision: {env: A}\n  zkteco: {env: B}\n"
    assert problems(write(text)) == [
        "5: push.zkteco: nobody would understand what it takes in: dialect zkteco is not spoken; "
        "add `zkteco: {}` under dialects"
    ]


def test_lines_are_found_in_json_too(write: Write) -> None:
    path = write('{\n "site": {\n  "id": "x",\n  "nam": "X"\n }\n}', "site.json")
    assert problems(path) == [
        "2: site.name: is missing; add it: name people read",
        "4: site.nam: unknown field; did you mean 'name'?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rules: {lift_entrapmnt: {}}", "2: rules.lift_entrapmnt: unknown rule; did you mean 'lift_entrapment'?"),
        (
            "rules:\n  lift_entrapment:\n    dwel_s: 4",
            "4: rules.lift_entrapment.dwel_s: unknown field; did you mean 'dwell_s'?",
        ),
        (
            "channels: [{name: a, url: {env: A}}, {name: a, url: {env: A}}]",
            "2: channels[1].name: 'a' is taken by channels[0]; give each its own",
        ),
        (
            "devices: [{id: a, kind: lift}, {id: c, kind: lift, address: a}]",
            "2: devices[1].address: 'a' is taken by devices[0]; each address of a dialect belongs to one device",
        ),
        (
            "devices: [{id: c, kind: lift, address: a}, {id: a, kind: lift}]",
            "2: devices[1].id: 'a' is taken by devices[0]; each address of a dialect belongs to one device",
        ),
        ("history: {store: influx}", "2: history.store: should be 'embedded' or 'influxdb'; did you mean 'influxdb'?"),
        (
            "mqtt: {tls: {cert: c.pem}}",
            "2: mqtt.tls: a client certificate needs both cert and key",
        ),
        ("mqtt: {password: {env: P}}", "2: mqtt.password: a password without username; add username"),
        ("api: {session_hours: .nan}", "2: api.session_hours: should be a valid number, unable to parse"),
        ("devices: [{id: 5, kind: lift}]", "2: devices[0].id: should be a valid string; put it in quotes"),
        ("devices: {id: a}", "2: devices: should be a valid list; it means: the inventory"),
        ("data_dri: /x", "2: data_dri: unknown field; did you mean 'data_dir'?"),
        ("mqtt: {tls: {ca: nope.pem}}", "2: mqtt.tls.ca: there is no file"),
    ],
)
def test_one_problem_one_sentence(write: Write, text: str, expected: str) -> None:
    assert any(line.startswith(expected) for line in problems(write(f"{MINIMAL}{text}\n")))


@pytest.mark.parametrize("name", ["Asia/Shangai", "../../etc/passwd", "", "Asia"])
def test_unknown_time_zones_are_refused(write: Write, name: str) -> None:
    found = problems(write(f"site: {{id: x, name: X, timezone: '{name}'}}\n"))
    assert found == ["1: site.timezone: is no time zone this machine knows; use an IANA name such as Asia/Shanghai"]


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {username: u, password: hunter2}",
        "mqtt: {username: u, password: {value: hunter2}}",
        "mqtt: {username: u, password: [hunter2]}",
        "history: {url: 'http://me:hunter2@host'}",
        "history: {token: hunter2}",
        "database: postgresql://me:hunter2@host/db",
        "channels: [{name: c, url: 'wecombot://hunter2'}]",
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_repeated(write: Write, text: str) -> None:
    found = problems(write(f"{MINIMAL}{text}\n"))
    assert found
    assert "hunter2" not in "\n".join(found)


def test_a_secret_needs_one_source() -> None:
    for sources in ({}, {"env": "A", "file": "b"}):
        with pytest.raises(ValueError, match="exactly one"):
            Secret.model_validate(sources)


def test_reveal_reads_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CG_TEST_SECRET", "from env")
    file = tmp_path / "secret"
    file.write_text("from file \r\n")
    assert reveal(Secret(env="CG_TEST_SECRET", file=None)) == "from env"
    assert reveal(Secret(env=None, file=file)) == "from file "


@pytest.mark.parametrize(
    ("content", "expected"), [(b"\n", "empty"), (b"\xff\xfe", "UTF-8"), (b"x" * 70_000, "too large"), (None, "No such")]
)
def test_a_secret_file_that_holds_none_says_so(tmp_path: Path, content: bytes | None, expected: str) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OperatorError, match=expected) as caught:
        reveal(Secret(env=None, file=file))
    assert str(file) in caught.value.place


def test_an_unset_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CG_TEST_SECRET", raising=False)
    with pytest.raises(OperatorError, match="CG_TEST_SECRET: is not set"):
        reveal(Secret(env="CG_TEST_SECRET", file=None))
    monkeypatch.setenv("CG_TEST_SECRET", "")
    with pytest.raises(OperatorError, match="is empty"):
        reveal(Secret(env="CG_TEST_SECRET", file=None))


def test_files_that_cannot_be_read_name_the_cause(write: Write, tmp_path: Path) -> None:
    assert "No such file" in cause(tmp_path / "none.yaml").cause
    assert "directory" in cause(tmp_path).cause
    assert "UTF-8" in (error := cause(write(b"site:\n  name: \xd6\xd0\n"))).cause
    assert error.place.endswith(":2")


def test_a_file_with_a_byte_order_mark_loads(write: Write) -> None:
    assert load_site(write(b"\xef\xbb\xbf" + MINIMAL.encode())).site.id == "home"


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_SITE_BYTES + 1)
    assert "64 MB" in cause(path).cause


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n"])
def test_a_file_that_is_no_mapping_is_refused(write: Write, text: str) -> None:
    assert problems(write(text)) == ["1: should be a mapping of fields; see docs/site-file.md"]


def test_broken_syntax_and_doubled_keys_name_the_line(write: Write) -> None:
    assert problems(write(MINIMAL + "api: {port: 1\n"))[0].startswith("3: ")
    assert problems(write(MINIMAL + "api:\n  port: 1\n  port: 2\n")) == ["4: key 'port' is given twice"]


def test_nothing_wrong_shaped_stops_the_checks(write: Write) -> None:
    text = (
        "site: 1\nbuildings: [1, {id: [x], floors: 3}]\ndevices: [null, {id: {}, building: []}]\nmqtt: []\nrules: [x]\n"
    )
    found = problems(write(text + "channels: 5\nhistory: {url: 'http://[::1'}\ndatabase: 7\n"))
    assert {line.split(":")[0] for line in found} == {"1", "2", "3", "4", "5", "6", "8"}


def test_the_summary_counts_and_says_what_to_run(write: Write) -> None:
    path = write("site: {id: x}\n")
    with pytest.raises(SiteFileError) as caught:
        load_site(path)
    assert caught.value.lines()[-1] == f"{path}: 1 problem; nothing was started"
    assert f"gateway check {path}" in caught.value.remedy


def test_a_site_of_twenty_thousand_devices_loads_quickly(write: Write) -> None:
    devices = [{"id": f"d-{i:05d}", "kind": "lift", "building": "b", "floor": "1"} for i in range(20_000)]
    data = {"site": {"id": "x", "name": "X"}, "buildings": [{"id": "b", "floors": ["1"]}], "devices": devices}
    site: Site = load_site(write(json.dumps(data), "site.json"))
    registry = registry_of(site)
    assert len(registry) == 20_000
    first, last = registry.get("d-00000"), registry.get("d-19999")
    assert first is not None
    assert last is not None
    assert first.building is last.building


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["b1", "lift", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(Site.model_fields)), values, max_size=6))
def test_any_shape_is_judged_without_a_crash(data: dict[str, object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "site.json"
        path.write_text(json.dumps(data))
        with suppress(OperatorError):  # anything else fails the test
            registry_of(load_site(path))
