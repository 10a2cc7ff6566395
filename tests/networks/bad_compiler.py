"""In place of installation.networks.compile_model: ends at one model, hangs at another."""

import sys
import time
from pathlib import Path

from installation.networks.compile_apart import DONE

for word in sys.argv[3::2]:
    if Path(word).name == "ends":
        print("no memory for this", file=sys.stderr)
        sys.exit(7)
    if Path(word).name == "hangs":
        time.sleep(600.0)
    print(DONE, flush=True)
