"""Known voices on the command line: the file that keeps them, the commands on it, and the options of ``stream`` and ``diarize``."""
