"""The vocabulary of a search and its engine; imports none of the other three packages, and never Ray."""
