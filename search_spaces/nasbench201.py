"""How the decisions of NAS-Bench-201 are wired: four nodes, an operation on each of the six edges between two of them.

For tables whose decisions are called x_e01 .. x_e23, after the nodes that the edge joins, with the operations 0 none,
1 skip connection, 2 convolution 1x1, 3 convolution 3x3, 4 average pooling 3x3:

    nas bench nasbench201.csv.gz --objective val_c10 --structure nasbench201

Source: Dong and Yang 2020, "NAS-Bench-201". The cells of TransNAS-Bench-101 are wired alike.
"""

from nas.space import Cell

STRUCTURE = Cell(
    edges={f"x_e{start}{end}": (start, end) for end in range(1, 4) for start in range(end)},
    operations=(0, 1, 2, 3, 4),
    absent=0,
    alike=((2, 3),),
)
