"""Loopback servers that speak, or mis-speak, HTTP byte by byte, and certificates for them."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SECONDS_UNTIL_A_HUNG_SERVER_GIVES_UP = 20


class RawServer:
    """Accepts on loopback; every connection is handed to `talk` in a thread of its own."""

    def __init__(
        self,
        talk: Callable[["Conversation"], None],
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        family: socket.AddressFamily = socket.AF_INET,
    ) -> None:
        self.talk = talk
        self.tls = tls
        self.connections = 0
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(SECONDS_UNTIL_A_HUNG_SERVER_GIVES_UP)
            if self.tls is None:
                self.talk(Conversation(self, connection))
            else:
                with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                    self.talk(Conversation(self, wrapped))


class Conversation:
    """The server's side of one connection."""

    def __init__(self, server: RawServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection

    def read_request(self) -> bytes:
        """The next request, head and body; b"" at the end of the connection."""
        received = b""
        while b"\r\n\r\n" not in received:
            chunk = self.connection.recv(65536)
            if not chunk:
                return b""
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        while len(body) < length:
            body += self.connection.recv(65536)
        request = head + b"\r\n\r\n" + body
        self.server.requests.append(request)
        return request

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hang(self) -> None:
        """Say nothing more until the test is over."""
        self.server.stopped.wait(SECONDS_UNTIL_A_HUNG_SERVER_GIVES_UP)

    def drip(self, data: bytes, *, seconds_between: float = 0.05) -> None:
        """Send `data` over and over, a byte at a time."""
        while not self.server.stopped.wait(seconds_between):
            for position in range(len(data)):
                self.send(data[position : position + 1])
                if self.server.stopped.wait(seconds_between):
                    return


def answers(response: bytes) -> Callable[[Conversation], None]:
    """A server that gives every request of a connection the same answer."""

    def talk(conversation: Conversation) -> None:
        while conversation.read_request():
            conversation.send(response)

    return talk


def http_response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that exists for one test run."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        certificate = (
            _builder(name, name, key, days=1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(self, folder: Path, host: str, *, days: int = 1) -> ssl.SSLContext:
        """A server's TLS context with a certificate for `host`; negative `days` make one that has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(x509.Name([]), self.certificate.subject, key, days=days)
            .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        path = folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
