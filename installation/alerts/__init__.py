"""Tells people of trouble, as ``[alerts]`` of the show file says: ``python -m installation.alerts SHOW``, a process of
its own that the supervisor starts. Where the table is missing, it is not started.
"""
