"""What fusing, training, measuring and a whole pipeline cost, as ratios within one run."""
