"""An OpenID provider that answers at once: `python -m bench.op FOLDER` serves http and https until its input ends.

A code is the nonce that the ID token is to hold. Prints one line of JSON: both issuers, and a file with the public
authorities and its own. `/stats` counts connections and requests of each path.
"""

import base64
import hashlib
import json
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

CLIENT_ID, CLIENT_SECRET = "hub", "s" * 40
EMAIL, SUBJECT = "max@acme.example", "max"
ACCESS_TOKEN = "an-access-token"


class Server(ThreadingHTTPServer):
    """Counts the connections that it takes, and what is asked for."""

    daemon_threads = True

    def __init__(self, issuer_host: str, key: Any, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = key
        self.counts: Counter[str] = Counter()
        scheme = "http" if context is None else "https"
        self.issuer = f"{scheme}://{issuer_host}:{self.server_address[1]}"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.counts["connections"] += 1
        super().process_request(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        answers = {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": lambda: {"keys": [public_jwk(self.server.key)]},
            "/userinfo": lambda: {"sub": SUBJECT, "email": EMAIL, "email_verified": True, "name": "Max"},
            "/stats": lambda: dict(self.server.counts),
        }
        self.server.counts[self.path] += 1
        self._send(answers[self.path]())

    def do_POST(self) -> None:
        self.server.counts[self.path] += 1
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        id_token = self._id_token(form["code"][0])
        self._send({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": id_token})

    def _id_token(self, nonce: str) -> str:
        import jwt

        now = int(time.time())
        half = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
        claims = {
            "iss": self.server.issuer,
            "sub": SUBJECT,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            "email": EMAIL,
            "email_verified": True,
            "name": "Max",
        }
        return jwt.encode(claims, self.server.key, algorithm="RS256", headers={"kid": "k1"})

    def _discovery(self) -> dict[str, Any]:
        issuer = self.server.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _send(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing is said."""


def public_jwk(key: Any) -> dict[str, Any]:
    from jwt.algorithms import RSAAlgorithm

    public: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "kid": "k1", "alg": "RS256", "use": "sig"}


def tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate of its own, and the file that trusts it among the public ones."""
    import certifi
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "op.pem").write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    trusted = folder / "authorities.pem"
    trusted.write_bytes(Path(certifi.where()).read_bytes() + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "op.pem")
    return context, trusted


@contextmanager
def running_op(folder: Path) -> Iterator[dict[str, str]]:
    """The provider in a process of its own, whose work is nobody's who measures."""
    command = [sys.executable, "-m", "bench.op", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def main() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    folder = Path(sys.argv[1])
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    context, trusted = tls(folder)
    plain, secure = Server("127.0.0.1", key, None), Server("localhost", key, context)
    print(json.dumps({"http": plain.issuer, "https": secure.issuer, "ca_file": str(trusted)}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
