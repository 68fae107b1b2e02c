"""Ways of choosing what is trained next, one strategy in each file. They import nas.genetic, nas.record, nas.search
and nas.space.
"""
