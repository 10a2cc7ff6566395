"""What a day of the exhibition was like: recorded while it runs, and the page that is made from the record.

``recorder`` runs in the show's process, in a thread of its own; ``python -m installation.days`` makes the pages, in a
process of its own, at closing or at midnight.
"""
