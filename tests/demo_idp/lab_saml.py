"""What the failure lab offers of a SAML login."""

from tests.demo_idp.experiments import AT_A_FIRST_LOGIN, Experiment, Group
from tests.demo_idp.faults import SAMLFault

SAML_LAB = (
    Group(
        "Who says so?",
        (
            Experiment(
                SAMLFault.WRONG_ISSUER,
                "Another issuer",
                "The response and its assertion name another IdP, though this one signed.",
                "issuer_mismatch",
            ),
        ),
    ),
    Group(
        "Is it signed?",
        (
            Experiment(SAMLFault.UNSIGNED, "Unsigned", "Nothing is signed.", "signature_missing"),
            Experiment(
                SAMLFault.RESPONSE_SIGNED_ONLY,
                "Only the envelope is signed",
                "The response is signed, the assertion in it is not.",
                "signature_missing",
            ),
            Experiment(
                SAMLFault.WRONG_KEY,
                "Another key",
                "A key signed whose certificate nobody was given.",
                "signature_invalid",
            ),
            Experiment(
                SAMLFault.TAMPERED_AFTER_SIGNING,
                "Changed after signing",
                "The NameID is another person's; the signature is the old one.",
                "signature_invalid",
            ),
        ),
    ),
    Group(
        "Is it encrypted for us?",
        (
            Experiment(
                SAMLFault.ENCRYPTED_FOR_ANOTHER,
                "Encrypted for another",
                "The assertion is encrypted with a key that is not ours.",
                "decryption_failed",
            ),
            Experiment(
                SAMLFault.NOT_ENCRYPTED,
                "Not encrypted",
                "The assertion comes in the clear.",
                "assertion_not_encrypted",
                only="where the organisation wants it encrypted",
            ),
            Experiment(
                SAMLFault.ENCRYPTED_AND_TAMPERED,
                "Changed after encrypting",
                "One bit of the ciphertext is another.",
                "decryption_failed",
            ),
            Experiment(
                SAMLFault.ENCRYPTED_UNSIGNED,
                "Encrypted but unsigned",
                "The response is signed; the assertion in the ciphertext is not.",
                "signature_missing",
            ),
            Experiment(
                SAMLFault.PLAIN_BESIDE_ENCRYPTED,
                "One more in the clear",
                "An assertion about another person stands before the encrypted one.",
                "assertion_not_single",
            ),
            Experiment(
                SAMLFault.ENCRYPTED_BY_CBC,
                "Encrypted by AES-CBC",
                "A cipher whose padding gives the content away bit by bit.",
                "algorithm_not_allowed",
            ),
            Experiment(
                SAMLFault.ENCRYPTED_BY_RSA1_5,
                "Key wrapped by RSA 1.5",
                "A padding that gives the content's key away.",
                "algorithm_not_allowed",
            ),
            Experiment(
                SAMLFault.CIPHER_REFERENCE,
                "Ciphertext elsewhere",
                "Instead of a ciphertext there is the name of a file on our server.",
                "encryption_not_allowed",
            ),
            Experiment(
                SAMLFault.TWO_ENCRYPTED_KEYS,
                "Two keys",
                "The content's key is there twice.",
                "encryption_not_allowed",
            ),
        ),
    ),
    Group(
        "Is it for us, and for this login?",
        (
            Experiment(
                SAMLFault.WRONG_AUDIENCE,
                "Wrong audience",
                "The assertion is for another service provider.",
                "audience_mismatch",
            ),
            Experiment(
                SAMLFault.NO_AUDIENCE,
                "No audience",
                "The assertion does not say whom it is for.",
                "audience_mismatch",
            ),
            Experiment(
                SAMLFault.WRONG_RECIPIENT,
                "Wrong recipient",
                "The assertion was to be delivered elsewhere.",
                "recipient_mismatch",
            ),
            Experiment(
                SAMLFault.WRONG_DESTINATION,
                "Wrong destination",
                "The response was to be sent elsewhere.",
                "destination_mismatch",
            ),
            Experiment(
                SAMLFault.DESTINATION_PREFIX,
                "Almost our destination",
                "The destination begins with our address and goes on.",
                "destination_mismatch",
            ),
            Experiment(
                SAMLFault.NO_IN_RESPONSE_TO,
                "Answers nothing",
                "The assertion does not say which request it answers.",
                "in_response_to_missing",
            ),
            Experiment(
                SAMLFault.OTHER_IN_RESPONSE_TO,
                "Answers another request",
                "The assertion answers a request that we never made.",
                "attempt_unknown",
            ),
            Experiment(
                SAMLFault.REPLAY, "Replayed", "The last login's response comes once more.", "attempt_used"
            ),
        ),
    ),
    Group(
        "Does it hold now?",
        (
            Experiment(SAMLFault.EXPIRED, "Expired", "NotOnOrAfter passed an hour ago.", "assertion_expired"),
            Experiment(
                SAMLFault.NOT_YET_VALID,
                "Not yet valid",
                "NotBefore is an hour ahead.",
                "assertion_not_yet_valid",
            ),
            Experiment(
                SAMLFault.CLOCK_AHEAD,
                "Clock an hour ahead",
                "Every time in the response is an hour late.",
                "assertion_not_yet_valid",
            ),
            Experiment(
                SAMLFault.CLOCK_BEHIND,
                "Clock an hour behind",
                "Every time in the response is an hour early, so that it has expired on arrival.",
                "assertion_expired",
            ),
            Experiment(
                SAMLFault.NO_EXPIRY,
                "No end",
                "No NotOnOrAfter anywhere, as if it held for ever.",
                "validity_missing",
            ),
        ),
    ),
    Group(
        "Was it done as asked?",
        (
            Experiment(
                SAMLFault.STALE_AUTHN,
                "An old sign-in",
                "HubSSO asked to sign in anew (ForceAuthn); the answer tells of an hour ago.",
                "authn_not_fresh",
            ),
            Experiment(
                SAMLFault.OTHER_AUTHN_CONTEXT,
                "Signed in otherwise",
                "HubSSO asked for certain ways to sign in; the answer tells of another.",
                "authn_context_mismatch",
            ),
        ),
    ),
    Group(
        "Whom is it about?",
        (
            Experiment(
                SAMLFault.NO_EMAIL,
                "No e-mail address",
                "There is no attribute with one.",
                "email_missing",
                only=AT_A_FIRST_LOGIN,
            ),
            Experiment(
                SAMLFault.TWO_EMAILS,
                "Two e-mail addresses",
                "The attribute has two values.",
                "email_ambiguous",
                only=AT_A_FIRST_LOGIN,
            ),
            Experiment(
                SAMLFault.GROUPS_OVERAGE,
                "Too many groups",
                "Instead of groups there is a link to them, as Entra ID does it.",
                note="Roles and seats stay as they are; the admins are told once a day.",
            ),
        ),
    ),
)
