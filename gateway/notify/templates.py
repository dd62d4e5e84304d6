"""What a notification says, in Chinese or English: what, how bad, where, since when. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

Language = Literal["zh", "en"]
VALUE_LIMIT = 80
LATE_S = 60.0
DIGEST = "digest"
"""The stage of several messages joined into one; its payload holds them as ``messages``, each with its ``stage``."""
DIGEST_BYTES = 1_600
"""Of a digest's text in UTF-8: WeCom's robots take 2,048 (https://developer.work.weixin.qq.com/document/path/91770)."""


class Text(NamedTuple):
    """One message: a line that tells enough on a locked phone, and the details."""

    title: str
    body: str


RULES: dict[str, tuple[str, str]] = {
    "audit_anchor": ("审计链末端存证", "End of the audit chain, to be kept"),
    "smoke_alarm": ("火灾报警", "Fire alarm"),
    "device_test": ("设备测试", "Device test"),
    "lift_entrapment": ("电梯困人", "Lift entrapment"),
    "gate_forced": ("门被强行打开", "Door forced"),
    "gate_held_open": ("门长时间未关", "Door held open"),
    "fire_lane_blocked": ("消防通道被占用", "Fire lane blocked"),
    "falling_object": ("高空抛物", "Object thrown from height"),
    "water_leak": ("漏水", "Water leak"),
    "device_offline": ("设备离线", "Device offline"),
    "gateway_lost": ("接入网关失联", "Gateway lost"),
    "lift_recall": ("火情，建议电梯迫降", "Fire: recall the lift"),
    "power_failure": ("停电", "Power failure"),
    "fire_confirmed": ("火警已确认（两个探测器）", "Fire confirmed by a second detector"),
    "linked_alarm": ("联动报警", "Linked detectors sound"),
    "smoke_density": ("烟雾浓度过高", "Dense smoke measured"),
    "heat_alarm": ("温度过高", "Too hot"),
    "heat_rising": ("温度骤升", "Temperature rises fast"),
    "detector_muted": ("探测器长时间被消音", "Detector silenced for long"),
    "panel_shielded": ("火灾报警点位被屏蔽", "Fire point taken out of service"),
    "panel_supervisory": ("消防主机监管信号", "Supervisory signal of the fire panel"),
    "panel_power_fault": ("消防主机电源故障", "Fire panel without power"),
    "self_test_overdue": ("自检失败或逾期", "Self-test failed or overdue"),
    "water_level_high": ("水位过高", "Water too high"),
    "water_rising": ("水位快速上升", "Water rises fast"),
    "pump_not_answering": ("水泵未启动", "Pump does not run"),
    "device_tampered": ("设备被拆动", "Device tampered with"),
    "device_fault": ("设备故障", "Device faulty"),
    "battery_low": ("电池电量低", "Battery low"),
    "battery_trend": ("电池即将耗尽", "Battery ends soon"),
    "device_flapping": ("设备频繁上下线", "Device comes and goes"),
    "state_chatter": ("信号频繁跳变", "Signal begins and ends repeatedly"),
    "clock_skew": ("设备时钟错误", "Device clock wrong"),
    "stuck_value": ("测量值长期不变", "Measurement stuck"),
    "firmware_changed": ("固件版本变化", "Firmware changed"),
    "sequence_gap": ("消息丢失", "Messages missing"),
    "unknown_device": ("未登记设备上报", "Unknown device speaks"),
    "lift_unintended_movement": ("电梯开门走车", "Lift moved with open doors"),
    "lift_overrun": ("电梯冲顶或蹲底", "Lift ran past its last landing"),
    "lift_overspeed": ("电梯超速", "Lift too fast"),
    "lift_door_open_running": ("电梯运行中开门", "Lift doors opened during a run"),
    "lift_door_cycling": ("电梯反复开关门", "Lift doors open again and again"),
    "lift_button_stuck": ("层站按钮粘连", "Landing button stuck"),
    "lift_levelling": ("电梯非平层停车", "Lift stands off level"),
    "lift_out_of_service": ("电梯长时间停用", "Lift out of service for long"),
    "lift_e_bike": ("电动车入梯", "Electric bicycle in the lift"),
    "lift_wear": ("电梯故障增多", "Lift wears faster than usual"),
    "gate_duress": ("胁迫开门", "Door opened under threat"),
    "gate_tailgating": ("尾随进入", "Somebody followed through"),
    "gate_refused_repeatedly": ("多处刷卡被拒", "Refused at several doors"),
    "gate_passback": ("凭证回传使用", "Credential handed back"),
    "gate_expired_visitor": ("访客通行证过期", "Visitor with an expired pass"),
    "gate_pass_refused": ("访客通行证被拒绝", "Visitor pass refused"),
    "gate_blocklist": ("黑名单人员", "Person on the blocklist"),
    "reader_tamper": ("读卡器被拆动", "Card reader tampered with"),
    "resident_unseen": ("独居住户长时间未出入", "Resident not seen for long"),
    "fire_lane_habit": ("消防通道同一时段反复被占", "Fire lane blocked at the same hour"),
    "falling_series": ("连续高空抛物", "Objects thrown repeatedly"),
    "camera_blind": ("摄像机画面被遮挡", "Camera sees nothing"),
    "camera_moved": ("摄像机被转动", "Camera turned away"),
    "camera_frozen": ("摄像机画面冻结", "Camera picture frozen"),
    "camera_lost": ("摄像机视频中断", "Camera without a picture"),
    "camera_tampered": ("摄像机遭到破坏", "Camera reports tampering"),
}
SEVERITY: dict[str, tuple[str, str]] = {
    "critical": ("紧急", "CRITICAL"),
    "major": ("重要", "MAJOR"),
    "minor": ("一般", "MINOR"),
    "notice": ("提示", "NOTICE"),
}
KINDS: dict[str, tuple[str, str]] = {
    "smoke_detector": ("火灾探测器", "fire detector"),
    "lift": ("电梯", "lift"),
    "access_gate": ("门禁", "access gate"),
    "camera": ("摄像机", "camera"),
    "water_leak": ("水浸传感器", "leak sensor"),
}
STAGES: dict[str, tuple[str, str]] = {
    "raised-to": ("级别升高", "NOW GRAVER"),
    "raised": ("", ""),
    "resolved": ("已处理", "RESOLVED"),
    "unsuppressed": ("静默已结束", "NO LONGER MUTED"),
    "level": ("升级至第{}级", "ESCALATED TO LEVEL {}"),
    "reminder": ("再次提醒，第{}级", "REMINDER, LEVEL {}"),
    "plan": ("预案步骤逾期", "PLAN STEP OVERDUE"),
    "anchor": ("", ""),
    "trial": ("通道测试，无需处理", "CHANNEL TEST, NOTHING TO DO"),
}
"""By the beginning of the stage; what follows it tells apart messages that say the same, or which level is called."""
WORDS: dict[str, tuple[str, str]] = {
    "test": ("测试", "TEST"),
    "drill": ("演练", "DRILL"),
    "unregistered": ("未登记设备", "UNREGISTERED DEVICE"),
    "severity": ("级别", "Severity"),
    "place": ("位置", "Place"),
    "device": ("设备", "Device"),
    "time": ("时间", "Time"),
    "received": ("收到", "Received"),
    "values": ("依据", "Values"),
    "alert": ("编号", "Alert"),
    "unknown": ("位置未知", "place unknown"),
    "step": ("逾期步骤", "Overdue step"),
    "due": ("应完成于", "Was due"),
    "more": ("另有 {} 条告警", "{} more alerts"),
    "rest": ("……还有 {} 条，详见控制台", "... and {} more, see the console"),
}


def render(alert: Mapping[str, Any], stage: str, language: Language, site: str, zone: ZoneInfo) -> Text:
    """Write the message about ``alert`` (as the API shows it); ``zone`` is the site's timezone, ``site`` its name."""
    word = _Words(language)
    if stage == DIGEST:
        return _digest(alert["messages"], language, site, zone, word)
    where = place(alert) or word.of(WORDS, "unknown")
    body = "\n".join(word.line(label, value) for label, value in _facts(alert, where, site, zone, word) if value)
    return Text(_headline(alert, stage, language, word), body)


def _headline(alert: Mapping[str, Any], stage: str, language: Language, word: "_Words") -> str:
    where = place(alert) or word.of(WORDS, "unknown")
    head = f"[{word.of(SEVERITY, _text(alert, 'severity'))}] {_title(alert, language, word)}"
    return " ".join([*(f"[{mark}]" for mark in _marks(alert, stage, word)), f"{head} · {where}"])


def _digest(
    messages: Sequence[Mapping[str, Any]], language: Language, site: str, zone: ZoneInfo, word: "_Words"
) -> Text:
    """One line a message, the gravest first as they come; the title says how many, how grave, and where."""
    buildings = {clean((message.get("place") or {}).get("building") or "") for message in messages}
    where = buildings.pop() if len(buildings) == 1 else ""
    gravest = f"[{word.of(SEVERITY, _text(messages[0], 'severity'))}]"
    title = f"{gravest} {word.of(WORDS, 'more').format(len(messages))} · {where or clean(site)}"
    lines: list[str] = []
    for message in messages:
        at = local_time(message.get("raised_at"), zone)
        line = f"{at} {_headline(message, message['stage'], language, word)} · {_text(message, 'id')}"
        if len("\n".join([*lines, line]).encode()) > DIGEST_BYTES:
            lines.append(word.of(WORDS, "rest").format(len(messages) - len(lines)))
            break
        lines.append(line)
    return Text(title, "\n".join(lines))


class _Words:
    def __init__(self, language: Language) -> None:
        self.language = language
        self._index = 0 if language == "zh" else 1
        self._colon = "：" if language == "zh" else ": "

    def of(self, table: Mapping[str, tuple[str, str]], key: str) -> str:
        return table[key][self._index] if key in table else key

    def line(self, label: str, value: str) -> str:
        return f"{self.of(WORDS, label)}{self._colon}{value}"


def _title(alert: Mapping[str, Any], language: Language, word: "_Words") -> str:
    """What happened: the rule's words, or for a rule of the site's own those of the site."""
    own = (alert.get("attributes") or {}).get("title")
    return (
        clean(own[language]) if isinstance(own, Mapping) and language in own else word.of(RULES, _text(alert, "rule"))
    )


def _marks(alert: Mapping[str, Any], stage: str, word: _Words) -> list[str]:
    """What nobody may overlook: that it is not real, or that nobody knows the device."""
    drill = alert.get("verdict") == "drill" or bool((alert.get("attributes") or {}).get("drill"))
    marks = [
        _stage(stage, word),
        word.of(WORDS, "test") if alert.get("test") else "",
        word.of(WORDS, "drill") if drill else "",
        word.of(WORDS, "unregistered") if alert.get("registered") is False else "",
    ]
    return [mark for mark in marks if mark]


def _stage(stage: str, word: _Words) -> str:
    level = _LEVEL.match(stage)
    known = level[1] if level else next((name for name in STAGES if f"{stage}-".startswith(f"{name}-")), "")
    return word.of(STAGES, known).format(level[2] if level else "") if known else clean(stage)


def _facts(alert: Mapping[str, Any], where: str, site: str, zone: ZoneInfo, word: _Words) -> list[tuple[str, str]]:
    raised, received = alert.get("raised_at"), alert.get("received_at")
    late = raised is not None and received is not None and received - raised > LATE_S
    kind = word.of(KINDS, _text(alert, "kind"))
    return [
        ("severity", word.of(SEVERITY, _text(alert, "severity"))),
        ("place", f"{clean(site)} {where}".strip()),
        ("device", f"{_text(alert, 'device')} ({kind})"),
        ("time", local_time(raised, zone)),
        ("received", local_time(received, zone) if late else ""),
        ("values", _values(alert.get("reason") or {})),
        *_overdue(alert.get("plan") or {}, zone, word),
        ("alert", _text(alert, "id")),
    ]


def _overdue(plan: Mapping[str, Any], zone: ZoneInfo, word: _Words) -> list[tuple[str, str]]:
    """Which step of the plan waits: ``plan`` holds its ``step`` (text, or one per language) and ``due_at``."""
    step = plan.get("step") or ""
    shown = step.get(word.language, "") if isinstance(step, Mapping) else step
    return [("step", clean(shown)), ("due", local_time(plan.get("due_at"), zone))]


def place(alert: Mapping[str, Any]) -> str:
    """Building, floor, zone and name, as far as known."""
    at = alert.get("place") or {}
    return " ".join(clean(at[key]) for key in ("building", "floor", "zone", "name") if at.get(key))


def local_time(at: float | None, zone: ZoneInfo) -> str:
    """``at`` (epoch seconds) as the site's clocks show it; empty if unknown."""
    return "" if at is None else datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S (UTC%z)")


def _values(reason: Mapping[str, Any]) -> str:
    """The values that decided: numbers and words, no structures."""
    values = reason.get("values") or {}
    return ", ".join(f"{clean(k)}={clean(v)}" for k, v in values.items() if isinstance(v, str | int | float))


def _text(alert: Mapping[str, Any], key: str) -> str:
    return clean(alert.get(key, ""))


def clean(value: object) -> str:
    """One line of bounded length without control or formatting characters and without markup or links.

    Device names and values may come from outside; a chat service would render links, mentions and right-to-left tricks.
    """
    shown = "".join(" " if unicodedata.category(c) in _UNSEEN else _HARMLESS.get(c, c) for c in str(value))
    text = " ".join(shown.split()).replace("://", ":/ /")
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


_LEVEL = re.compile(r"(level|reminder)(\d)(?:-|$)")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_HARMLESS = dict(zip("<>[]()*`@|\\", "＜＞［］（）＊＇＠｜＼", strict=True))
