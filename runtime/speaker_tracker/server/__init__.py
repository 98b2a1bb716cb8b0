"""The network shell: a Quart application that pumps sessions, and the processes that serve it with Hypercorn."""
