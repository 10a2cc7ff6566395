"""The visitors' page, their votes, the live picture and the health: a process of its own.

``python -m installation.web`` talks to the app in frames (installation/process/child.py) over stdin and stdout.

From the app:

==============  =====================================================================================================
``hello``       first: ``bind port url state live title languages pieces`` and for each piece ``name title medium date
                text poster``. A text is words, or words by language. Port 0 takes any, ``url`` "" is worked out
``playback``    whenever it changes and once a second: ``piece coming round candidates seconds_left hold``. A round
                is open while there are candidates; they stand on the page in this order
``health``      once a second. ``frames`` has to grow; ``running`` false and ``reasons`` say what is wrong; the rest is
                passed on to whoever asks /healthz
bytes           the newest preview, a JPEG
==============  =====================================================================================================

To the app:

==============  =====================================================================================================
``ready``       ``port`` and ``url``: visitors may come
``error``       why it cannot open; it then ends with exit code 3
``tally``       ``round`` and ``votes`` (name -> votes): after every commit, at most ten times a second, and after every
                playback. While no round is open, it is the result of the one that ended last
``watching``    how many look at the live picture
==============  =====================================================================================================
"""
