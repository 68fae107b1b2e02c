"""Built-in resources, each a cost of a network, one in each file. They import nas.costs."""
