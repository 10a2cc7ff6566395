"""What the programs have beside ``legacy``; the stand-in needs nothing of it."""
