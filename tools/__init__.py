"""What keeps the rate cards' files in order; run by `make sums`, `make schema` and `make check`."""
