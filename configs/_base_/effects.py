# What interventions on the inputs (holes, a missing camera) do to each fusion.
effects = dict(
    images=16,  # measured, spread evenly over the test images; 0 leaves the analysis out
    seed=0,  # of the holes
)
