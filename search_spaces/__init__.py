"""What is searched through, one space in each file. They import nas."""
