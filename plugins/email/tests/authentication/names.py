"""A DNS server on this machine, for tests: it knows what it is told and answers over UDP."""

from __future__ import annotations

import socketserver
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """Names and their records, as ``records["x.example", "TXT"] = ['"v=spf1 -all"']``."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.broken: set[str] = set()  # names that are answered with a failure
        self.silent: set[str] = set()  # names that are never answered
        self.asked: list[tuple[str, str]] = []
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self._server.server_address[1])

    def says(self, name: str, kind: str, *values: str) -> None:
        """From now on *name* has these records; texts are put into quotes, in pieces if long."""
        self.records[name, kind] = [
            " ".join(f'"{value[at : at + 200]}"' for at in range(0, len(value) or 1, 200))
            if kind == "TXT"
            else value
            for value in values
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, question: bytes) -> bytes | None:
        message = dns.message.from_wire(question)
        asked = message.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        reply = dns.message.make_response(message)
        reply.flags |= dns.flags.RA
        found = self.records.get((name, kind), [])
        if name in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            reply.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, found))
        elif not any(known == name for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                question, line = self.request
                answer = server.answer(question)
                if answer is not None:
                    line.sendto(answer, self.client_address)

        return Handler
