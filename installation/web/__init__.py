"""The visitors' page, their votes, the live picture, the health: ``python -m installation.web``, a process of its own.

It talks to the app over stdin and stdout: installation/web/messages.py says what, installation/core/pipe.py how.
"""
