"""Optional stages and observers; those with dependencies of their own come with an extra."""
