"""The documents of an OP, and nothing else of it: any body under any path, and a list of what was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class FakeOP:
    """`documents` are served as JSON; `answers` (status, body) win over them. `requests` lists the paths asked.

    `media_types` are for the paths that answer something else than JSON, `delays_seconds` for those that take long.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        self.media_types: dict[str, str] = {}
        self.delays_seconds: dict[str, float] = {}
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self.documents: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            },
            "/jwks": {"keys": []},
        }
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer_to(self, path: str) -> tuple[int, str]:
        self.requests.append(path)
        threading.Event().wait(self.delays_seconds.get(path, 0))
        if path in self.answers:
            return self.answers[path]
        return (200, json.dumps(self.documents[path])) if path in self.documents else (404, "")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer_to, media_types = self._answer_to, self.media_types

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def do_GET(self) -> None:
                status, body = answer_to(self.path)
                self.send_response(status)
                self.send_header("Content-Type", media_types.get(self.path, "application/json"))
                self.send_header("Content-Length", str(len(body.encode())))
                if 300 < status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                return

        return Handler
