# The device of a pipeline, and what its report measures and shows.
device = "auto"
metrics = dict(
    convention="eif",  # or cddfuse, vifb, clean
    names=[],  # names of the metrics; empty for the suite of the convention
    published=dict(),  # values of a paper by fuser and metric, shown in a table of their own
)
panels = 4  # number of scenes shown
# A bad day of the cameras: the same networks tested on images under conditions. "all", or names and severities such as
# infrared_noise@20, infrared_shift, my_file.py:fog@0.5; each costs as much as fusing and testing once.
stress = dict(conditions=[], seed=0)
