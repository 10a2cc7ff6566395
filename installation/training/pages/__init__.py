"""Local web pages in which a person selects pictures and latents."""
