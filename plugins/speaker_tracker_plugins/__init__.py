"""Optional stages and observers, a module or package each; those with dependencies of their own come with an extra."""
