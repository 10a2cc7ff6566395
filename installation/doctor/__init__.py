"""``doctor``: is this machine ready to hang a show alone? What was found, and what to do, for each thing that matters.

A check is a function of what a machine tells (``machine``), so that it gives the same on a recording (``recorded``).
The checks stand in ``groups``, one file for each group; a file there is found by its name.
"""
