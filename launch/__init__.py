"""The command `nas` and everything behind it; the only package that knows all others."""
