# How rows are compared: the downstream network is trained once per fuser and seed, and fusers are compared with the
# baseline.
seeds = [0]
baseline = "average"  # a row of the table
