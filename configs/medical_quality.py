# Medical images: the fusion network, trained on street scenes only, applied to brain scans.
#
# Needs:    the Harvard pairs: a folder with PET and MRI (or SPECT and MRI, CT and MRI) images of the same names, in
#           data/Harvard or --data DIR. Without data it runs on the sample, which has street scenes only.
# Command:  python tools/run_pipeline.py medical_quality --data DIR/PET-MRI
# Override: data.visible=SPECT, or for two greyscale images data.infrared=CT data.visible=MRI
# Takes:    about half a minute for 24 pairs on two cores.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(
    name="Harvard",
    infrared="MRI",
    visible="PET",  # keeps its colours
)
