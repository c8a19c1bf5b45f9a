"""HTML pages and redirects. No page holds inline script or style, and each says so in its CSP."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

HERE = Path(__file__).parent
STATIC_TYPES = {
    "demo_idp.css": "text/css; charset=utf-8",
    "auto_submit.js": "text/javascript; charset=utf-8",
    "leave_when_loaded.js": "text/javascript; charset=utf-8",
}

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    template: str,
    *,
    status: int = HTTPStatus.OK,
    form_origin: str | None = None,
    frame_origins: Collection[str] = (),
    **context: Any,
) -> Response:
    """Render a page. `form_origin` is where its forms, or the redirects that follow them, may lead."""
    response = Response(_templates.get_template(template).render(context), status, mimetype="text/html")
    form_action = f"'self' {form_origin}" if form_origin else "'self'"
    none = "'none'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {form_action}; frame-src {' '.join(frame_origins) or none}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def message_page(title: str, message: str, *, status: int = HTTPStatus.BAD_REQUEST) -> Response:
    """A page that says one thing, mostly that something cannot be done."""
    return page("message.html", status=status, title=title, message=message)


def post_form_page(action: str, fields: Mapping[str, str], requester: str) -> Response:
    """A form that submits itself to another site: at once by script, or by its button without."""
    return page(
        "post_form.html", form_origin=origin_of(action), action=action, fields=fields, requester=requester
    )


def frames_page(addresses: Collection[str], target: str) -> Response:
    """Loads addresses of RPs in frames, then goes on: by script, or by its link without."""
    origins = sorted({origin_of(address) for address in addresses})
    return page("frames.html", frame_origins=origins, addresses=addresses, target=target)


def redirect(location: str) -> Response:
    """303: whatever the method was, the next request is a GET."""
    response = Response(status=HTTPStatus.SEE_OTHER)
    response.autocorrect_location_header = False
    response.headers["Location"] = location
    response.headers["Cache-Control"] = "no-store"
    return response


def static_file(name: str) -> Response:
    """The style sheet or the script."""
    if name not in STATIC_TYPES:
        return Response("Not found", HTTPStatus.NOT_FOUND)
    content = (HERE / "static" / name).read_bytes()
    return Response(content, content_type=STATIC_TYPES[name])


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
