"""From a folder of pictures to a model file that a show can use: `python3 run_show.py train --help` and the others."""
