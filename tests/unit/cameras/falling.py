"""Short small scenes for the falling-object detector, and what it says of them."""

from collections.abc import Iterable

from devices.cameras.detection import Detection, Frame
from devices.cameras.falling_object import FallingConfig, FallingObjectDetector
from devices.cameras.projective import FloorPoint
from simulators.scenes.facade import FacadeScene
from simulators.scenes.facade_view import View
from simulators.scenes.throws import Throw

VIEW = View.steep(30, 640, 360, 25.0)
STONE = Throw(0.6, 12, 2.0, (0.5, 0.0, 0.4), 60.0, 6.0, 20)


def scene(*disturbances: str, throws: tuple[Throw, ...] = (), seconds: float = 3.6, **options: object) -> FacadeScene:
    return FacadeScene(VIEW, 5, seconds, throws, disturbances, **options)  # type: ignore[arg-type]


def configured(view: View = VIEW) -> FallingConfig:
    return FallingConfig(view.polygon(), tuple(FloorPoint(*point) for point in view.floor_points()))


def watch(frames: Iterable[tuple[float, Frame]], config: FallingConfig | None = None) -> list[Detection]:
    detector = FallingObjectDetector(config)
    said = [each for at, frame in frames for each in detector.step(frame, at)]
    return said + detector.close()
