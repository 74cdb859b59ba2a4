"""What every training of a network here shares: the loop, checkpoints, losses. Nothing of it is
imported while a show plays."""
