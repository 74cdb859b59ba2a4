"""A frame's way from the source to the picture that is shown."""
