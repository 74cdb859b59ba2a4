"""An RTSP server of GStreamer's, run by the system's Python, which has its bindings: passes on what
comes as H.264 by RTP.

python3 rtsp_server.py RTP_PORT PORT [USER PASSWORD] -> prints its own port; of 0 any.
"""

from __future__ import annotations

import sys
from typing import Any


def main() -> None:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server: Any = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[2])
    factory: Any = GstRtspServer.RTSPMediaFactory.new()
    factory.set_shared(True)
    factory.set_latency(0)
    factory.set_launch(
        f'( udpsrc address=127.0.0.1 port={sys.argv[1]} caps="application/x-rtp,media=video,'
        'clock-rate=90000,encoding-name=H264,payload=96" ! rtph264depay ! '
        "rtph264pay config-interval=-1 name=pay0 pt=96 )"
    )
    if len(sys.argv) > 3:
        auth: Any = GstRtspServer.RTSPAuth.new()
        token = GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", "user")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(sys.argv[3], sys.argv[4]), token)
        server.set_auth(auth)
        factory.add_role_from_structure(
            Gst.Structure.from_string(
                "user,media.factory.access=true,media.factory.construct=true"
            )[0]
        )
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
