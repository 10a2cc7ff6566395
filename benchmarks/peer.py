"""One checkout of another program, in a process of its own: python benchmarks/peer.py CHECKOUT FILE

Loads FILE by the checkout's own ``legacy.load_network_pkl``, which executes what is in the file: for files and sources
that are trusted. Then it answers lines of JSON on its input, one each: {"z": [...], "paints": n} gives the processor
and the clock time of n pictures, from the styles to an array in memory, and the last of them.
"""

import base64
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ENTRIES = ("legacy", "torch_utils.legacy")
"""Where the programs have it: NVIDIA's, and Autolume."""


def entry(checkout: Path) -> ModuleType:
    """The checkout's module that loads networks."""
    sys.path[:0] = [str(checkout), str(checkout / "src")]
    for name in ENTRIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in (name, name.partition(".")[0]):
                raise
    raise SystemExit(f"{checkout}: found neither of {', '.join(ENTRIES)}, expected a checkout of the program")


def loaded(checkout: Path, file: Path) -> Any:
    legacy = entry(checkout)
    with file.open("rb") as stream:
        return legacy.load_network_pkl(stream)["G_ema"].eval().requires_grad_(False).to("cpu")


def painted(network: Any, styles: Any) -> Any:
    """As these programs do it: styles -> (height, width, 3) uint8 in memory."""
    import torch

    try:
        picture = network.synthesis(styles, noise_mode="const", force_fp32=True)
    except TypeError:  # StyleGAN3 has no noise
        picture = network.synthesis(styles, force_fp32=True)
    return (picture.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8)[0].cpu().numpy()


def answered(network: Any, asked: dict[str, Any]) -> dict[str, Any]:
    import torch

    with torch.inference_mode():
        classes = torch.zeros(1, network.c_dim)
        classes[:, :1] = 1.0
        styles = network.mapping(torch.tensor([asked["z"]]), classes, truncation_psi=1)
        clock, processor = time.perf_counter(), time.process_time()
        for _ in range(asked["paints"]):
            picture = painted(network, styles)
        processor, clock = time.process_time() - processor, time.perf_counter() - clock
    told = base64.b64encode(picture.tobytes()).decode()
    return {"processor": processor, "clock": clock, "shape": list(picture.shape), "picture": told}


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what the checkout prints is no answer
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # as a show has it
    network = loaded(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
    print(json.dumps({"z_dim": network.z_dim}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answered(network, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
