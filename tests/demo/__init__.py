"""`make run`: the whole demo in one command, for development and tests only.

`people`         who has a portal account, and the one password
`organisations`  what they share: pages (Markdown in `content/`), app tiles, groups
`identity`       the organisations' IdPs at the demo IdP, and how each is connected
`seed`           puts all of it into an empty database; a second run changes nothing
`connecting`     draft, live, mapped, enforced, as an admin would do it
`moving`         follows the demo IdP when it moves to another port
`processes`      children that log to a file and are stopped together
`guide`          what the terminal says: where to go, who to be, what to try
`run`            the command itself
"""
