"""What a machine with a CUDA graphics card is for, while it is at hand: proofs, figures, and a training."""
