"""Other people's searches as strategies, one tool in each file. They import nas."""
