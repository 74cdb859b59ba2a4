"""How the built-in model is trained and evaluated. Nothing of it is imported while a show plays."""
