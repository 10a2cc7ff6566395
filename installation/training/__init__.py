"""From a folder of pictures to a model that hangs: `python3 run_show.py train --help` and its neighbours."""
