"""What this machine makes of vj: `launch.py bench` and `bench/card.sh`."""
