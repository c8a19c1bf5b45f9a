"""How dates, times and numbers are written, a module for each language: the one place for it.

Templates and `date_format` name a format of these modules (`|date:"SHORT_DATE_FORMAT"`), so that it follows the
reader's language. Beside the names that Django knows there are ours: `..._ZONE_FORMAT` ends with the zone, as what
stands alone must, `..._SECONDS_FORMAT` is for logs.
"""
