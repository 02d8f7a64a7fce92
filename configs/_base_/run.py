# The device of a pipeline, and what its report measures and shows.
device = "auto"
metrics = dict(
    convention="eif",  # or cddfuse, vifb, clean
    names=[],  # names of the metrics; empty for the suite of the convention
    published=dict(),  # values of a paper by fuser and metric, shown in a table of their own
)
panels = 4  # number of scenes shown
