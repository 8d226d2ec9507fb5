"""What guards the rate cards' files and generates pages; run by `make sums`, `schema`, `scenarios` and `check`."""
