"""The engine: finds plugins, configures and loads a chain of stages, and runs sessions through it without I/O."""
