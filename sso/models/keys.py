"""Keys of a connection: our own pairs, and certificates that the IdP announced after a revision was saved."""

import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import pgettext_lazy

from hubsso.crypto import SealedField, seal, unseal
from orgs.models import Organization
from sso.models.connection import Connection, Revision
from sso.types import KeyPairStatus

KEY_PAIR_STATUS_CHOICES = [
    (KeyPairStatus.NEXT.value, pgettext_lazy("key", "Next")),
    (KeyPairStatus.ACTIVE.value, pgettext_lazy("key", "Active")),
    (KeyPairStatus.OLD.value, pgettext_lazy("key", "Old")),
]


class KeyPair(models.Model):
    """A key pair of ours for one connection: signs what we send, decrypts what the IdP encrypts for us.

    The private key is sealed. The certificate is public.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="key_pairs")
    status = models.CharField(max_length=10, choices=KEY_PAIR_STATUS_CHOICES, default=KeyPairStatus.ACTIVE)
    certificate = models.TextField()
    private_key_sealed = SealedField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "status"],
                condition=models.Q(status__in=["next", "active"]),
                name="key_pair_one_next_one_active",
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} key pair of {self.connection}"

    @cached_property
    def public_certificate(self) -> x509.Certificate:
        """The certificate, read."""
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def fingerprint_sha256(self) -> str:
        """As people compare it: `AB:CD:...`."""
        return self.public_certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def private_key(self) -> str:
        """PEM, in the clear. Raises CannotUnseal."""
        return unseal(self.private_key_sealed, context=self._key_context)

    def seal_private_key(self, pem: str) -> None:
        self.private_key_sealed = seal(pem, context=self._key_context)

    @property
    def _key_context(self) -> str:
        return f"key_pair:{self.org_id}:{self.uid}:private_key"


class AnnouncedCertificate(models.Model):
    """A signing certificate that the IdP's metadata announced after the revision was saved. Trusted beside its own."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="announced_certificates")
    fingerprint_sha256 = models.CharField(max_length=95)
    pem = models.TextField()
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "fingerprint_sha256"], name="announced_certificate_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint_sha256} for {self.revision}"


class MetadataCheck(models.Model):
    """How the last reading of a revision's metadata URL went. `code` is empty where it went well."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, related_name="metadata_check")
    checked_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    admin_detail = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.revision}: {self.code or 'read'}"
