"""The ground that every package stands on; imports nothing of ours."""
