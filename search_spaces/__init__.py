"""Built-in search spaces, one in each file. They import nas."""
