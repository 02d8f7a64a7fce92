# How rows are compared: the downstream network, and the fusion network of a row that trains one, is trained once per
# row and seed, and every row is compared with the baseline.
seeds = [0]
baseline = "average"  # a row of the table
