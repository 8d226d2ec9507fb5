"""For tests of whatever is built on this library: `mimo_credits.testing.strategies` (with the extra `testing`)."""
