"""A billing backend: `mimo_credits` behind HTTP, for many tenants, durable in SQLite or PostgreSQL.

The rules it keeps, each in the module that is named:

- A request that changes something is one transaction: its account, its charge, its answer (`writing`).
- The same `Idempotency-Key` gives the same answer, and the same usage counts once under any key (`idempotency`).
- A tenant reaches its own accounts, and cannot tell another's from one that does not exist (`accounts`, `keys`).
- Whatever goes wrong is said as a problem of RFC 9457, without a trace of the program (`problems`).
"""
