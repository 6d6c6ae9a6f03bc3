"""Properties that models share, by subject; each says why a maintainer wants it to hold."""
