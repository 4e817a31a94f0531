"""The process of the hub, its settings and its services."""
