"""What a network costs where it is used: one process for each network in each runtime, and what they say together."""
