"""Real photographs whose depth is known, and how depth networks do on them."""
