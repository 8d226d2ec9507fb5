"""JSON in and out, versioned (`dumps`, `loads`), and the hash chain over a ledger's entries."""

from mimo_credits.wire.chain import GENESIS, Break, Link, chain, link_hash, verify_chain
from mimo_credits.wire.codec import dumps, from_data, loads, to_data

__all__ = ["GENESIS", "Break", "Link", "chain", "dumps", "from_data", "link_hash", "loads", "to_data", "verify_chain"]
