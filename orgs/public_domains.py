"""Domains under which anybody gets an address or a site: no organisation can prove that one is its own.

Short lists of the common ones. They spare an admin a mistake; what protects is the DNS record, which nobody can set
at the mail providers' own domains.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Second-level names that a country's registry sells below, as in `co.uk`.
_REGISTRY_LABELS = _words(
    """
    ac co com edu gob gouv gov govt mil net org
    """
)
_REGISTRY_NAMES = _words(
    """
    ad.jp asn.au asso.fr ed.jp go.id go.jp go.kr go.th gr.jp id.au in.th lg.jp ltd.uk me.uk ne.jp ne.kr nhs.uk
    nom.br nom.fr or.at or.id or.jp or.kr or.th plc.uk police.uk sch.uk
    """
)
_COUNTRY_CODE_LENGTH = 2
_HOSTERS = _words(
    """
    amazonaws.com appspot.com azurewebsites.net blogspot.com cloudfront.net eu.org firebaseapp.com fly.dev
    github.io gitlab.io herokuapp.com netlify.app notion.site onmicrosoft.com onrender.com pages.dev repl.co
    s3.amazonaws.com sharepoint.com surge.sh uk.com us.com vercel.app web.app wixsite.com wordpress.com
    workers.dev
    """
)
_WEBMAIL = _words(
    """
    126.com 163.com aol.com att.net bluewin.ch btinternet.com comcast.net duck.com fastmail.com free.fr gmail.com
    gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr
    hotmail.it hushmail.com icloud.com laposte.net libero.it live.co.uk live.com live.fr mac.com mail.com mail.ru
    mailbox.org me.com msn.com naver.com orange.fr outlook.com outlook.de outlook.fr pm.me posteo.de proton.me
    protonmail.com qq.com rediffmail.com sbcglobal.net seznam.cz sfr.fr t-online.de tuta.com tutanota.com
    verizon.net wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br
    yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com
    """
)


def is_webmail(name: str) -> bool:
    """Does a mail provider give addresses in it to everybody?"""
    return name in _WEBMAIL


def is_public_suffix(name: str) -> bool:
    """Do others register names below it? `name` has at least two labels."""
    if name in _HOSTERS | _REGISTRY_NAMES:
        return True
    first, _, rest = name.partition(".")
    return "." not in rest and len(rest) == _COUNTRY_CODE_LENGTH and first in _REGISTRY_LABELS
