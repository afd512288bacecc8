"""A real server tells a real receiver what happens, over the network and over a restart."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.server.house import House

from omniroute.server.webhooks import signed
from omniroute.testing.server_process import until

Heard = list[tuple[dict[str, str], bytes]]


@contextmanager
def receiving() -> Iterator[tuple[str, Heard]]:
    """Somebody who takes everything; their address, and what they were sent."""
    heard: Heard = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing on standard error."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", heard
        finally:
            server.shutdown()
            thread.join()


def test_a_receiver_hears_what_happens(tmp_path: Path) -> None:
    house = House(tmp_path)
    allowed = '[server]\nprivate_hosts = ["127.0.0.1"]'
    house.write(house.settings().replace("[server]", allowed, 1))
    with receiving() as (url, heard), house.running() as running:
        wanted = {"url": url, "types": ["thread.opened"]}
        made = running.local.post("/api/v1/webhooks", wanted)
        running.mail("max@mail.example", "Money", "I would like a refund")
        until("an event", 20, lambda: len(heard) == 1)
        assert running.process.stop() == 0
        running.process.start()
        running.mail("eva@mail.example", "Money", "I would like one, too")
        until("another event", 20, lambda: len(heard) == 2)
        (view,) = running.local.get("/api/v1/webhooks")["items"]
        until(
            "its note", 15, lambda: running.local.get("/api/v1/webhooks")["items"][0]["sent"] == 2
        )
        assert view["error"] == ""
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    for headers, body in heard:
        expected = signed(key, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
        assert headers["webhook-signature"] == expected["webhook-signature"]
    assert [json.loads(body)["data"]["thread"] for _, body in heard] == [1, 2]
