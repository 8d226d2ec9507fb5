"""Benchmarks: how fast pricing, the ledger and the import are, beside a floor written by hand and other libraries.

`python -m benchmarks` measures everything in one run, interleaved, prints the tables and writes `results.md`. One rule:
nothing is compared across runs, because a machine's speed drifts; each ratio is taken within a round.
"""
