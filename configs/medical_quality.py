# Medical images: the fusion network as it was trained on streets, on brain scans it has never seen.
#
# Needs:    the Harvard pairs, a folder with PET and MRI (or SPECT and MRI, CT and MRI) images of equal names, in
#           data/Harvard or --data DIR. There are no generated brains: without data this runs on the sample's streets.
# Command:  python tools/run_pipeline.py medical_quality --data DIR/PET-MRI
# Override: data.visible=SPECT, or for two grey images data.infrared=CT data.visible=MRI
# Takes:    about half a minute for 24 pairs on two cores.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(
    name="Harvard",
    infrared="MRI",
    visible="PET",  # its colours are kept
)
