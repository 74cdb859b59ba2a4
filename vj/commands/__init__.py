"""What launch.py does besides playing."""
