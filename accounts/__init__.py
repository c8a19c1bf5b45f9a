"""People: the portal account, its verified e-mails, and the pages to look after them.

Sign-up, login, e-mail verification, two-factor and session lists are django-allauth's; this app holds the
user model, the adapter that ties allauth to the portal, and nothing about organisations.
"""
