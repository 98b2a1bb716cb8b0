"""Optional stages, one module each; those with dependencies of their own come with an extra."""
