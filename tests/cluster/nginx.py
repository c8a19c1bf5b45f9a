"""nginx with the configuration that is shipped, brought to loopback: no TLS there, and servers by their ports."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.demo.processes import Child
from tests.demo.run import ROOT, CannotStart

SHIPPED = ROOT / "deploy/nginx/hubsso.conf"


def start_nginx(folder: Path, *, port: int, server_ports: Iterable[int]) -> Child:
    """Raises CannotStart where no nginx is installed."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        raise CannotStart("nginx is not installed. On Debian and Ubuntu: apt install nginx-light")
    folder.mkdir(exist_ok=True)
    (folder / "hubsso.conf").write_text(on_loopback(port, server_ports))
    (folder / "nginx.conf").write_text(_main(folder))
    return Child(
        "nginx",
        [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")],
        environment={},
        cwd=folder,
        log=folder / "nginx.log",
    )


def on_loopback(port: int, server_ports: Iterable[int]) -> str:
    """The shipped configuration without TLS and without the container engine's names."""
    text = SHIPPED.read_text(encoding="utf-8")
    servers = "\n    ".join(f"server 127.0.0.1:{each} max_fails=2 fail_timeout=1s;" for each in server_ports)
    text = re.sub(r"server web:8000 resolve[^;]*;", servers, text)
    text = text.replace("    resolver 127.0.0.11 valid=5s;\n", "").replace("    http2 on;\n", "")
    text = re.sub(r"^    ssl_.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("/dev/stdout", "access.log").replace("listen 8443 ssl", f"listen 127.0.0.1:{port}")
    text = re.sub(r"^server \{\n    listen 80\d\d;.*?^\}\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return text.replace("proxy_set_header Host $host;", "proxy_set_header Host $http_host;")


def _main(folder: Path) -> str:
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr; events {{ worker_connections 512; }}\n"
        f"http {{ {temporary} include {folder}/hubsso.conf; }}\n"
    )
