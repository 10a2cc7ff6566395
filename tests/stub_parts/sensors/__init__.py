"""Parts for tests."""
