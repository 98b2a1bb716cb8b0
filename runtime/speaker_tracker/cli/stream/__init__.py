"""The command ``stream``: a client of a running server, with its sources of audio and its views."""
