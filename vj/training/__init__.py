"""What every training of a network here shares: loop, checkpoints, losses, measures. Nothing of it
is imported while a show plays."""
