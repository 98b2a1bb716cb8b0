"""``python -m speaker_tracker``: the same as the command ``speaker-tracker``."""

from speaker_tracker.cli.main import main

if __name__ == "__main__":
    main()
