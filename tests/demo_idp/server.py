"""`DemoIdP`: tenants behind an HTTP server in a thread, on loopback only."""

import errno
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.demo_idp.app import DemoIdPApp
from tests.demo_idp.config import TenantConfig
from tests.demo_idp.keys import KeyStore
from tests.demo_idp.request_log import RequestLog
from tests.demo_idp.tenant import Clock, Tenant, utc_now

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})
POLL_SECONDS = 0.05


class PortTaken(OSError):
    """Another program listens on the port."""


class _QuietHandler(WSGIRequestHandler):
    """Keeps requests out of the console: tests have the request log, and queries hold codes."""

    disable_nagle_algorithm = True  # head and body are written apart: the body must not wait for an ACK

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


class DemoIdP:
    """The server. `url` is known at once; answers come from `start` (or `with`) until `stop`.

    with DemoIdP([TenantConfig(slug="acme", people=(...,))]) as idp:
        idp.tenant("acme").next_fault(OIDCFault.WRONG_AUD)
    """

    def __init__(
        self,
        tenants: Iterable[TenantConfig] = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        data_dir: Path | None = None,
        clock: Clock = utc_now,
    ) -> None:
        if host not in LOOPBACK_HOSTS:
            raise ValueError(f"the demo IdP listens on loopback only, not on {host}")
        self._listener = _listen(port)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self._store = KeyStore(data_dir)
        self._clock = clock
        self._app = DemoIdPApp()
        for config in tenants:
            self.add_tenant(config)
        self._server = make_server(
            "127.0.0.1",
            self.port,
            self._app,
            threaded=True,
            request_handler=_QuietHandler,
            fd=self._listener.fileno(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="demo-idp", daemon=True
        )

    @property
    def requests(self) -> RequestLog:
        """What was asked so far."""
        return self._app.requests

    @property
    def tenants(self) -> list[Tenant]:
        return list(self._app.tenants.values())

    def tenant(self, slug: str) -> Tenant:
        """Raises KeyError for an unknown slug."""
        return self._app.tenants[slug]

    def add_tenant(self, config: TenantConfig) -> Tenant:
        """Add a tenant, or replace the one of that slug."""
        tenant = Tenant(config, server_url=self.url, store=self._store, clock=self._clock)
        self._app.tenants[tenant.slug] = tenant
        return tenant

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening. Requests that hang are let go; nothing is waited for."""
        for tenant in self.tenants:
            tenant.release_hanging()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(f"Port {port} is taken by another program.") from error
    return listener
