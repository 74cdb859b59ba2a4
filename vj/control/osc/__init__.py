"""OSC: packets, the server, what a message means."""
