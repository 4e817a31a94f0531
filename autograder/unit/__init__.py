"""What an instructor writes, and the release that is made of it."""
