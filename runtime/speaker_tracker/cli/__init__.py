"""The ``speaker-tracker`` command; the modules of its subcommands are imported lazily."""
