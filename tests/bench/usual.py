"""The ordinary use of the same packages: a paho callback, a pydantic model, ``Point`` and the batching ``WriteApi``.

Run as ``python -m tests.bench.usual PORT STORE_URL COUNT``; prints ``ready`` when subscribed, then its CPU seconds.
"""

import resource
import sys
from typing import Any

import paho.mqtt.client as mqtt
from influxdb_client import InfluxDBClient, Point, WriteOptions
from paho.mqtt.properties import Properties
from pydantic import BaseModel


class Telemetry(BaseModel):
    device: str
    ts: int
    seq: int
    measurements: dict[str, float] = {}
    states: dict[str, bool | str | None] = {}


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(port: int, url: str, count: int) -> None:
    client = InfluxDBClient(url=url, token="bench", org="bench")
    writer = client.write_api(write_options=WriteOptions(batch_size=5_000, flush_interval=1_000))
    seen = 0
    began = 0.0

    def on_message(c: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        nonlocal seen, began
        if seen == 0:
            began = cpu_s()
        report = Telemetry.model_validate_json(message.payload)
        _, site, kind, device, _ = message.topic.split("/")
        point = Point(kind).tag("site", site).tag("device", device)
        for name, value in (*report.measurements.items(), *report.states.items()):
            point = point.field(name, value)
        writer.write("bench", record=point.time(report.ts * 1_000_000))
        seen += 1
        if seen >= count:
            c.disconnect()

    def on_subscribe(*_: Any) -> None:
        print("ready", flush=True)

    consumer = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="usual", protocol=mqtt.MQTTv5)
    consumer.on_message = on_message
    consumer.on_subscribe = on_subscribe
    consumer.on_connect = lambda *_: consumer.subscribe("community/#", 1)
    consumer.connect("127.0.0.1", port, clean_start=True, properties=Properties(mqtt.PacketTypes.CONNECT))
    consumer.loop_forever()
    writer.close()
    print(cpu_s() - began, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
