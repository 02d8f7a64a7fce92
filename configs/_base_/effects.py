# The effects of interventions on the inputs (holes, a missing camera) on each fusion.
effects = dict(
    images=16,  # number of images, spread evenly over the test images; 0 skips the analysis
    seed=0,  # of the holes
)
