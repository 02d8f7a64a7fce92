# How rows are compared: every fuser trains with each seed, and is held against the baseline.
seeds = [0]
baseline = "average"  # a row of the table
