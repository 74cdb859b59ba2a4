"""A LoRA for a Stable Diffusion model, trained from the frames of a clip."""
