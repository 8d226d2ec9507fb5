"""What begins and guards the rate cards, compares them with other data and generates pages; see the Makefile."""
