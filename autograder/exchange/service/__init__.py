"""The service itself: its processes, who asks, and how much anybody may ask."""
