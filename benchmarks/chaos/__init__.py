"""A search on a cluster whose drivers, workers and nodes are killed, beside the same one undisturbed."""
