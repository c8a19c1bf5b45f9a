"""Whole journeys in a real browser against the demo: `make run`'s own processes, on ports of their own.

`browser`      finds Chromium, or installs it
`visitor`      a person at a browser: signs in, authenticates, and notices what the console says
`hands`        how a visitor works a page: by pointer or by keyboard, counted
`pages`        every page of the portal, by who may see it
`crawl`        follows the portal's own links, page by page
`screens`      writes a picture of every page to docs/screens

Tests here talk to the demo over HTTP only and use no database of their own: Playwright's loop runs in the test's
thread, and Django's ORM rightly refuses to work beside one.
"""
