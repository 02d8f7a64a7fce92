# Where a pipeline computes, and what its report measures and shows.
device = "auto"
metrics = dict(
    convention="eif",  # or cddfuse, vifb, clean
    names=[],  # which metrics; none named: the convention's suite
    published=dict(),  # by fuser and metric: what a paper says, shown beside
)
panels = 4  # scenes shown
