"""What a student's process says of itself: claims, never facts."""
