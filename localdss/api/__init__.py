"""The public API, route by route."""
