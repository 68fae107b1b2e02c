"""What is searched, one experiment in each file. They import launch.experiment, search_spaces, predictors and nas."""
