"""What HubSSO must withstand, as data: every attack and every conformance module is a row with an id.

A test that is about a row says so: `@pytest.mark.catalogue("SAML-05")`. `marks` finds such tests in the source,
`report` writes `docs/security/conformance.md` from a run of them, and `python -m tests.conformance` does it all.
A row that no test is about must say why (`Row.reason`).
"""

from tests.catalogues import oidc, saml, web
from tests.catalogues.rows import Catalogue, Row

__all__ = ["CATALOGUES", "ROWS", "Catalogue", "Row"]

CATALOGUES: tuple[Catalogue, ...] = (saml.CATALOGUE, web.CATALOGUE, *oidc.CATALOGUES)
ROWS: dict[str, Row] = {row.id: row for catalogue in CATALOGUES for row in catalogue.rows}
