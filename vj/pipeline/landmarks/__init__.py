"""Points of faces and bodies found in the input, and the lines drawn through them."""
