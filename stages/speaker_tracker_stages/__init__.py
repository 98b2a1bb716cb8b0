"""The built-in stages: a module each, or a package where there are several files."""
