"""Parts that assigners share, whatever their algorithm: evidence, matching of ids, announcements."""
