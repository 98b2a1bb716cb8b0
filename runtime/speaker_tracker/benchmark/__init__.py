"""Measures what live sessions cost: delay, CPU time and memory of a real server with real clients, each in processes of its own."""
