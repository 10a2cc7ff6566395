"""What is typed: options as dataclasses, and a command as it is published. Standard library only."""
