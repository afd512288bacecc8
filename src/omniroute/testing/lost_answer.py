"""A line to a server on which one answer is lost: asked, done, and nobody hears of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class LostAnswer:
    """Passes on to *port* of the loopback; as a context it is the port to talk to.

    A line on which a question holds *word* is cut after the server has answered that.  Questions
    and answers are small, and take turns.
    """

    def __init__(self, port: int, word: bytes) -> None:
        self._to, self._word = port, word
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> int:
        self._begin(self._accept)
        port: int = self._listening.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _begin(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                asker, _ = self._listening.accept()
            except OSError:
                return
            self._begin(self._talk, asker)

    def _talk(self, asker: socket.socket) -> None:
        with asker, socket.create_connection(("127.0.0.1", self._to)) as server:
            while question := asker.recv(1 << 20):
                server.sendall(question)
                answer = server.recv(1 << 20)
                if self._word in question:
                    return
                asker.sendall(answer)
