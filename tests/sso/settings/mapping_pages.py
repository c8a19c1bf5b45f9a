"""A mapping's page as an admin goes through it: entered, previewed, saved."""

from typing import Any

from django.test import Client


def rows(*filled: dict[str, Any]) -> dict[str, str]:
    """A formset as a browser posts it, with one empty row at the end."""
    posted = {"form-TOTAL_FORMS": str(len(filled) + 1), "form-INITIAL_FORMS": "0"}
    for number, row in enumerate([*filled, {"value": ""}]):
        posted |= {f"form-{number}-{name}": str(value) for name, value in row.items()}
    return posted


def save_mapping(client: Client, url: str, data: dict[str, Any]) -> Any:
    """Preview, then save what the preview shows; the preview's answer where it was refused."""
    preview = client.post(url, data)
    if preview.status_code != 200 or "previewed" not in preview.context:
        return preview
    return client.post(url, {**fields_of(preview), "save": ""})


def fields_of(preview: Any) -> dict[str, str]:
    """What a preview's page carries along."""
    return {**dict(preview.context["fields"]), "previewed": preview.context["previewed"]}
