"""A small DNS server on loopback, made of dnspython's own messages: says of each name what a test wants."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 60


@dataclass
class DnsServer:
    """`records`: name (without the last dot) -> TXT texts. `failing` names get SERVFAIL, `silent` ones no answer."""

    port: int
    records: dict[str, list[str]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def answer(self, packet: bytes) -> bytes | None:
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.records:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT and self.records[name]:
            texts = [_quoted(text) for text in self.records[name]]
            response.answer.append(dns.rrset.from_text_list(question.name, TTL, "IN", "TXT", texts))
        return response.to_wire()


@contextmanager
def running_dns_server() -> Iterator[DnsServer]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        server = DnsServer(port=listening.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listening, server), daemon=True)
        thread.start()
        yield server
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closing:
            closing.sendto(b"", ("127.0.0.1", server.port))
        thread.join(5)


def _serve(listening: socket.socket, server: DnsServer) -> None:
    """Until an empty packet comes."""
    while True:
        packet, sender = listening.recvfrom(4096)
        if not packet:
            return
        answer = server.answer(packet)
        if answer is not None:
            listening.sendto(answer, sender)


def _quoted(text: str) -> str:
    """As a zone file writes it: a long text in pieces of at most 255 bytes."""
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
