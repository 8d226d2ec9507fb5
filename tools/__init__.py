"""What begins and guards the rate cards' files, compares them with other data, and generates pages; see the Makefile."""
