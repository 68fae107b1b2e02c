"""The search engine: spaces, costs, strategies, the record; imports none of the other three packages, and never Ray."""
