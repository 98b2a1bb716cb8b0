"""The ``speaker-tracker`` command; each of its subcommands is a module that is imported when it is called."""
