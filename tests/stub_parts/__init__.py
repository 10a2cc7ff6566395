"""Parts for tests that must not depend on which real ones there are."""
