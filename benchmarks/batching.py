"""Whether two pictures of one model are painted faster at once than one after the other: python -m benchmarks.batching

For each MODEL (default: the bundled ones) processor milliseconds for two pictures on one thread, in plain torch and in
OpenVINO, as two paints of one and as one of two, by turns in one run, the median; and how many times as fast one is.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from installation.networks import openvino
from installation.networks.choose_runtime import machine
from installation.networks.model_generator import proofs
from installation.training.latent.models import open_model

ROUNDS, PAINTS = 5, 2
BUNDLED = ("shows/models/portraits.safetensors", "shows/models/landscapes.safetensors")


class Batch(torch.nn.Module):
    def __init__(self, synthesis: Any) -> None:
        super().__init__()
        self.synthesis = synthesis

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        painted: torch.Tensor = self.synthesis(latents)
        return painted


def request(synthesis: Any, latents: np.ndarray) -> Any:
    """OpenVINO's, for as many latents as these, on one thread."""
    library, shape = openvino.library(), latents.shape
    with torch.inference_mode():
        model = library.convert_model(Batch(synthesis), example_input=torch.from_numpy(latents), input=[shape])
    options = {**openvino.options("f32"), "INFERENCE_NUM_THREADS": 1}
    return library.Core().compile_model(model, "CPU", options).create_infer_request()


def ways(network: Any) -> dict[str, Callable[[], Any]]:
    both = proofs(network)[:2].copy()
    singles = [both[:1].copy(), both[1:].copy()]
    tensors, batch = [torch.from_numpy(one) for one in singles], torch.from_numpy(both)
    one, two = request(network.synthesis, singles[0]), request(network.synthesis, both)
    return {
        "torch, singly": lambda: [network.synthesis(tensor) for tensor in tensors],
        "torch, at once": lambda: network.synthesis(batch),
        "OpenVINO, singly": lambda: [one.infer([single]) for single in singles],
        "OpenVINO, at once": lambda: two.infer([both]),
    }


def milliseconds(paint: Callable[[], Any]) -> float:
    paint()
    began = time.process_time()
    for _ in range(PAINTS):
        paint()
    return 1000 * (time.process_time() - began) / PAINTS


def main() -> None:
    torch.set_num_threads(1)
    print(machine())
    for name in sys.argv[1:] or BUNDLED:
        tried = ways(open_model(Path(name)).network)
        rounds = [{way: milliseconds(paint) for way, paint in tried.items()} for _ in range(ROUNDS)]
        taken = {way: statistics.median(one[way] for one in rounds) for way in tried}
        print(Path(name).stem, *(f"{way} {ms:.1f} ms;" for way, ms in taken.items()))
        for runtime in ("torch", "OpenVINO"):
            print(
                f"  {runtime}: at once {taken[f'{runtime}, singly'] / taken[f'{runtime}, at once']:.2f} times as fast"
            )


if __name__ == "__main__":
    main()
