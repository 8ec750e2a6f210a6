# Runs before boot.py: makes the filesystem available.
