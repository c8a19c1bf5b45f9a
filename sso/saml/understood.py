"""What an IdP's metadata or an admin's values come to, as the pages show it."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sso.connections import SAMLConfiguration
from sso.models import Revision
from sso.revisions.understood import Fact, FactSection, Understood, facts_of
from sso.saml import names
from sso.saml.shown_certificates import shown_certificate, shown_certificates

_BINDINGS = dict(Revision.Binding.choices)


def understood(
    configuration: SAMLConfiguration,
    *,
    notes: tuple[str, ...],
    offered_bindings: tuple[str, ...],
    now: datetime,
) -> Understood:
    """`offered_bindings` are those of the metadata that was just read, if any was."""
    options = _options(configuration)
    certificates = [shown_certificate(pem, None, now) for pem in configuration.certificates]
    return Understood(
        sections=(
            FactSection(
                _("Identity provider"),
                (*_addresses(configuration), *_several(_("Bindings it offers"), offered_bindings)),
            ),
            FactSection(
                _("Certificates it signs with"),
                (
                    *_several(_("Signature algorithms we accept"), _short(names.SIGNATURE_ALGORITHMS)),
                    *_several(_("Digest algorithms we accept"), _short(names.DIGEST_ALGORITHMS)),
                ),
                certificates=tuple(shown for shown in certificates if shown is not None),
            ),
            *([FactSection(_("How we ask"), options)] if options else []),
        ),
        notes=notes,
    )


def described(revision: Revision, *, now: datetime) -> FactSection:
    """A saved revision, with the certificates that its metadata announced since."""
    return FactSection(
        "",
        (*_addresses(revision), *_options(revision)),
        certificates=tuple(shown_certificates(revision, now=now)),
    )


def _several(label: str, values: tuple[str, ...]) -> tuple[Fact, ...]:
    return (Fact(label, values),) if values else ()


def _short(algorithms: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(uri.rpartition("#")[2] for uri in algorithms))


def _addresses(values: SAMLConfiguration | Revision) -> tuple[Fact, ...]:
    answers = _("Answers go to %(url)s") % {"url": values.slo_response_url} if values.slo_response_url else ""
    facts = [
        Fact(_("Entity ID"), (values.issuer,)),
        Fact(
            _("SSO URL"),
            (values.sso_url,),
            note=_("by %(binding)s") % {"binding": _BINDINGS[values.sso_binding]},
        ),
    ]
    if values.slo_url:
        by = _("by %(binding)s") % {"binding": _BINDINGS[values.slo_binding]}
        facts.append(Fact(_("Single logout"), (values.slo_url,), note=f"{by}. {answers}" if answers else by))
    if values.metadata_url:
        facts.append(Fact(_("Metadata URL"), (values.metadata_url,), note=_last_read(values)))
    return tuple(facts)


def _last_read(values: SAMLConfiguration | Revision) -> str:
    check = getattr(values, "metadata_check", None) if isinstance(values, Revision) else None
    if check is None:
        return ""
    if check.code:
        return _("Could not be read: %(why)s") % {"why": check.admin_detail}
    return _("Last read %(time)s") % {
        "time": date_format(timezone.localtime(check.checked_at), "DATETIME_ZONE_FORMAT")
    }


def _options(values: SAMLConfiguration | Revision) -> tuple[Fact, ...]:
    """What differs from the usual."""
    words = facts_of(
        (_("Requests"), _("Signed") if values.sign_requests else ""),
        (_("Assertions"), _("Only encrypted ones") if values.want_encrypted else ""),
        (_("Signing in"), _("Anew each time") if values.force_authn else ""),
    )
    facts = [Fact(fact.label, fact.values, is_code=False) for fact in words]
    if values.authn_context_classes:
        facts.append(Fact(_("Ways of signing in"), tuple(values.authn_context_classes)))
    return (*facts, *facts_of((_("E-mail attribute"), values.email_attribute)))
