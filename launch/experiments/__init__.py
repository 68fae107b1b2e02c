"""Built-in experiments, one in each file. They import launch.experiment, search_spaces, predictors and nas."""
