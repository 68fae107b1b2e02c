"""Ways of learning an error from features, one predictor in each file. They import nas."""
