"""The command line of the camera workers."""

import json
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from devices.cameras.errors import CameraError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Turn plain cameras into smart devices.")

Detectors = StrEnum("Detectors", {"falling_object": "falling_object", "blocked_lane": "blocked_lane"})


@app.callback()
def _main() -> None:
    """Keep sub-commands even where there is one."""


@app.command("try")
def try_clip(
    clip: Annotated[str, typer.Argument(help="Recording, or address of a camera.")],
    detector: Annotated[Detectors, typer.Option(help="What to look for.")],
    config: Annotated[Path | None, typer.Option(help="One camera's settings, YAML or JSON.")] = None,
    render: Annotated[Path | None, typer.Option(help="Write an annotated video (.mp4).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Try a detector on a recording. Without settings the whole picture is watched, with a dwell of 10 s."""
    trial = _load("trial")  # cv2 and av: not for --help
    from devices.cameras.settings import load_camera

    try:
        camera = load_camera(config) if config else None
        result = trial.run(clip, detector.value, camera, render)
    except CameraError as error:
        if error.partial is not None and as_json:
            _print(json.dumps(error.partial))
        _fail(error)
    _print(json.dumps(result) if as_json else _summary(result))


@app.command()
def still(
    camera: Annotated[str, typer.Argument(help="Id of a camera of the site file.")],
    out: Annotated[Path, typer.Argument(help="JPEG to write.")],
    site: Annotated[Path, typer.Option(help="The site file.")],
) -> None:
    """Take one picture, masked: to draw zones on, or as reference of an empty lane. Prints its size and SHA-256."""
    taker = _load("still")
    from devices.cameras.settings import reveal

    try:
        known = _camera(site, camera)
        _print(json.dumps(taker.take(reveal(known.url), known.masks, out)))
    except CameraError as error:
        _fail(error)


@app.command()
def run(site: Annotated[Path, typer.Option(help="The site file.")]) -> None:
    """Watch every camera of the site until stopped; publishes to the site's broker."""
    import asyncio
    import signal

    supervisor = _load("supervisor")
    from devices.cameras.settings import load_site

    async def until_stopped() -> None:
        task = asyncio.ensure_future(supervisor.run(load_site(site)))
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return

    try:
        asyncio.run(until_stopped())
    except CameraError as error:
        _fail(error)


def _camera(site: Path, camera: str) -> Any:
    from devices.cameras.settings import load_site

    known = {each.id: each for each in load_site(site).cameras}
    if camera not in known:
        told = f"there are {', '.join(known)}" if known else "there are none"
        raise CameraError(str(site), f"has no camera {camera!r}", told)
    return known[camera]


def _summary(result: dict[str, object]) -> str:
    events = result["events"]
    lines = [json.dumps(event) for event in events] if isinstance(events, list) else []
    told = f"{len(lines)} found in {result['seconds_processed']} s ({result['frames']} frames, "
    return "\n".join([*lines, f"{told}{result['cpu_seconds']} s of processor time)"])


def _load(name: str) -> Any:
    """A part that needs what only cameras need."""
    try:
        return import_module(f"devices.cameras.{name}")
    except ModuleNotFoundError as error:
        _fail(CameraError("gateway-cameras", f"{error.name} is not installed", "install community-gateway[cameras]"))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(error: CameraError) -> NoReturn:
    sys.stderr.write("\n".join(error.lines()) + "\n")
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
