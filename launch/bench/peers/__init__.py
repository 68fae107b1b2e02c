"""Other search tools as strategies (Optuna, pymoo, a random forest), one tool in each file. They import nas."""
