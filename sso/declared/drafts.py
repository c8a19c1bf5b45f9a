"""A connection's configuration, compared with the file's, and checked by the very form that admins fill in."""

from typing import Any

from django import forms
from django.http import QueryDict

from hubsso.crypto import CannotUnseal
from sso.connections import OIDCConfiguration, SAMLConfiguration, editable_revision
from sso.declared.reader import DeclarationRefused, Value
from sso.declared.steps import Change
from sso.declared.wanted import WantedConnection, referred
from sso.forms.draft import DraftForm
from sso.models import Connection, Revision
from sso.protocols import ProtocolAdapter, adapter_for

MAX_SHOWN = 70
# What the form must know, and no file says.
_CARRIED = ("metadata_read",)
_NOT_IN_FILES = ("metadata_file", "metadata_text")


def compare(wanted: WantedConnection, connection: Connection | None) -> "DraftComparison":
    """With the live revision where the file is true of it, else with what the pages would go on from.

    So a draft that an admin works on stays while what serves is what the file says. Raises DeclarationRefused.
    """
    if connection is None:
        return DraftComparison(wanted, None)
    live = connection.revisions.filter(status=Revision.Status.LIVE).first()
    if live is not None:
        with_live = DraftComparison(wanted, live)
        if not with_live.changes:
            return with_live
    return DraftComparison(wanted, editable_revision(connection))


class DraftComparison:
    """What of a revision differs from what the file names. `base` is that revision, and what a draft starts from."""

    def __init__(self, wanted: WantedConnection, base: Revision | None) -> None:
        self._wanted, self.base = wanted, base
        self._adapter: ProtocolAdapter = adapter_for(wanted.protocol)
        self._form = self._adapter.draft_form(base=self.base)
        self._refuse_unknown()
        self._given = {name: self._read(name, value) for name, value in wanted.configuration.items()}
        self.changes = tuple(
            Change(f"{wanted.name}.{name}", self._shown_before(name), self._shown_after(name))
            for name in self._given
            if self._differs(name)
        )
        if not self.changes and base is not None and base.status == Revision.Status.RETIRED:
            self.changes = (Change(f"{wanted.name}.configuration", "retired", "a draft again"),)

    def configuration(self) -> OIDCConfiguration | SAMLConfiguration:
        """As the form understands it, which asks the IdP. Raises DeclarationRefused."""
        form = self._adapter.draft_form(self._data(), base=self.base)
        if not form.is_valid():
            raise self._refused(form)
        configuration = form.configuration()
        self._refuse_corrected(configuration)
        return configuration

    def _refuse_unknown(self) -> None:
        hidden = {*self._form.technical, *_NOT_IN_FILES}
        known = [name for name in self._form.fields if name not in hidden]
        for name, value in self._wanted.configuration.items():
            if name not in known:
                raise value.refused(f"there is no such key. Known are {', '.join(known)}.")

    def _read(self, name: str, value: Value) -> Any:
        field = self._form.fields[name]
        if name in self._form.secrets:
            return referred(value)
        if isinstance(field, forms.BooleanField):
            return value.boolean()
        if isinstance(field, forms.MultipleChoiceField):
            return list(value.texts())
        is_list = isinstance(field.widget, forms.Textarea) and not hasattr(value.node.value, "strip")
        return "\n".join(value.texts()) if is_list else value.text()

    def _differs(self, name: str) -> bool:
        if name in self._form.secrets:
            return self.base is None or _stored_secret(self.base) != self._given[name]
        return _plain(self._form.get_initial_for_field(self._form.fields[name], name)) != _plain(
            self._given[name]
        )

    def _shown_before(self, name: str) -> str:
        if name in self._form.secrets:
            return "(a secret)" if self.base and self.base.client_secret_sealed else ""
        return _shown(self._form.get_initial_for_field(self._form.fields[name], name)) if self.base else ""

    def _shown_after(self, name: str) -> str:
        if name in self._form.secrets:
            return f"(the secret of {self._wanted.configuration[name].text()})"
        return _shown(self._given[name])

    def _data(self) -> QueryDict:
        """What a page would send: all of the revision to start from, with the file's values in it."""
        data = QueryDict(mutable=True)
        for name, field in self._form.fields.items():
            is_ours = name not in (*self._form.technical, *_NOT_IN_FILES, *self._form.secrets)
            if name in self._given:
                _put(data, name, self._given[name])
            elif is_ours or name in _CARRIED:
                _put(data, name, self._form.get_initial_for_field(field, name))
        return data

    def _refused(self, form: DraftForm) -> DeclarationRefused:
        """Every complaint of the form, at the line of the first field that it is about."""
        texts, lines = [], []
        for name, errors in form.errors.items():
            value = self._wanted.configuration.get(name)
            lines += [value.line] if value else []
            texts += [f"{name}: {error}" if name != "__all__" else str(error) for error in errors]
        line = min(lines, default=self._wanted.line)
        return DeclarationRefused(f"{self._wanted.name}: {' '.join(texts)}", line=line)

    def _refuse_corrected(self, configuration: OIDCConfiguration | SAMLConfiguration) -> None:
        """The file would differ for ever from what it led to."""
        for name, given in self._given.items():
            value, understood = self._wanted.configuration[name], getattr(configuration, name)
            if _plain(understood) == _plain(given):
                continue
            if name in self._form.secrets:
                raise value.refused("nothing would use it.")
            raise value.refused(f"this is understood as {_shown(understood)}: write that.")


def _stored_secret(revision: Revision) -> str | None:
    try:
        return revision.client_secret
    except CannotUnseal:
        return None


def _put(data: QueryDict, name: str, value: Any) -> None:
    if isinstance(value, bool):
        if value:
            data[name] = "on"
    elif isinstance(value, list):
        data.setlist(name, value)
    elif value is not None:
        data[name] = str(value)


def _plain(value: Any) -> tuple[str, ...]:
    """The words of a value, so that line ends and the kind of list do not matter."""
    if value is None or value is False:
        return ()
    return tuple(" ".join(map(str, value)).split() if isinstance(value, list) else str(value).split())


def _shown(value: Any) -> str:
    text = "yes" if value is True else " ".join(_plain(value))
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
