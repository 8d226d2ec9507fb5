"""A statement as a page: what the library shows of it, in a frame that reads well in light, in dark and on a phone.

It runs no script and fetches nothing; `HEADERS` say that it must not, should something slip through unescaped.
"""

from __future__ import annotations

from html import escape

from mimo_credits import Account, Statement
from mimo_credits.display import as_html, sheet_of

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{name}: statement</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
@media (max-width: 40rem) {{
  body {{ font-size: 0.8rem; padding: 0.5rem; }}
  main .mimo-credits table {{ display: block; overflow-x: auto; }}
  main .mimo-credits.mimo-credits table {{
    /* a shadow at each edge behind which there is more: the covers scroll along, the shadows stay */
    background: linear-gradient(to right, Canvas 60%, transparent) left / 2.5em 100% local,
      linear-gradient(to left, Canvas 60%, transparent) right / 2.5em 100% local,
      linear-gradient(to right, rgb(128 128 128 / 70%), transparent) left / 0.8em 100% scroll,
      linear-gradient(to left, rgb(128 128 128 / 70%), transparent) right / 0.8em 100% scroll;
    background-repeat: no-repeat;
  }}
  main .mimo-credits.mimo-credits table :is(td, th) {{ padding-right: 0.45em; }}
  main .mimo-credits.mimo-credits table :is(td, th):first-child {{ white-space: normal; min-width: 6em; }}
}}
</style>
</head>
<body>
<h1>{name}</h1>
<main>
<section>{account}</section>
<section><h2>Statement</h2>{statement}</section>
</main>
</body>
</html>
"""


def page(name: str, account: Account, statement: Statement) -> str:
    """The page; every text from outside is escaped, here or by the library."""
    shown = {"account": as_html(sheet_of(account)), "statement": as_html(sheet_of(statement))}
    return _FRAME.format(name=escape(name), **shown)
