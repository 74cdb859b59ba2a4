"""Several shows in one room: a process each, under one supervisor that restarts what dies."""
