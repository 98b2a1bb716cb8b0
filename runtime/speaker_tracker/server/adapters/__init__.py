"""Other protocols by which audio reaches sessions, each on a path of its own."""
