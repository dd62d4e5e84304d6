"""Serves one H.264 recording over RTSP at its own speed; run by the system's Python, which has GStreamer's bindings.

Reads a JSON object on standard input: path, port, user, password. Prints ``ready`` once it listens.
"""

import json
import sys
from typing import Any


def serve(job: dict[str, Any]) -> None:
    """Serve until killed."""
    import gi  # type: ignore[import-not-found]

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(job["port"]))
    factory = GstRtspServer.RTSPMediaFactory()
    path = json.dumps(job["path"])
    factory.set_launch(f"( filesrc location={path} ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 )")
    if job.get("user"):
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(job["user"], job["password"]), token)
        server.set_auth(auth)
        factory.add_role_from_structure(
            Gst.Structure.new_from_string(
                "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            )
        )
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(json.load(sys.stdin))
