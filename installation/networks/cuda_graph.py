"""A network as one captured CUDA graph: nothing is launched or allocated while it paints."""

import torch

from installation.core.contracts import Latent, Pixels
from installation.networks.runtime import SHORT, Synthesis, levels, ring

WARM_UPS = 3
"""Paints before the capture, in which libraries load their kernels and take their memory."""


class CudaGraph:
    """The latent is uploaded and the picture downloaded through pinned memory, asynchronously. A paint returns its own
    picture, not the one before; the thread waits until it is done."""

    @torch.inference_mode()
    def __init__(self, synthesis: Synthesis, latents: Latent, dtype: torch.dtype = torch.float16) -> None:
        """``latents`` (n, dim): the first is painted while capturing; ``dtype`` as `levels` has it. cuDNN chooses its
        kernels as for plain torch: a search for faster ones would hold up the start, and the pieces that paint. Raises
        RuntimeError where capturing fails."""
        self.name = f"cuda graph {SHORT[dtype]}"
        self._hand = torch.from_numpy(latents[:1].copy()).pin_memory()
        self._place = self._hand.to("cuda")
        self._stream, self._graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        self._done = torch.cuda.Event(blocking=True)
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UPS):
                levels(synthesis, self._place, dtype)
            # thread_local: another piece may be painting from another thread meanwhile
            with torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode="thread_local"):
                self._picture = levels(synthesis, self._place, dtype).contiguous()
        self._slots = ring(self._picture.shape, pinned=True)

    @torch.inference_mode()
    def paint(self, latent: Latent) -> Pixels:
        slot, pixels = next(self._slots)
        self._hand.numpy()[0] = latent
        with torch.cuda.stream(self._stream):
            self._place.copy_(self._hand, non_blocking=True)
            self._graph.replay()
            slot.copy_(self._picture, non_blocking=True)
            self._done.record()
        self._done.synchronize()
        return pixels
