"""What is counted of a network, one resource in each file. They import nas.costs."""
