"""A still picture of a face that moves as a performer's face does."""
