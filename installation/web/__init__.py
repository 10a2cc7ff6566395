"""The visitors' page, their votes, the live picture, the health: ``python -m installation.web``, a process of its own.

It exchanges messages with the app over stdin and stdout: see installation/web/messages.py and
installation/core/pipe.py.
"""
