# Fusion quality: the usual fusion metrics of each method, on any folder of image pairs.
#
# Needs:    infrared and visible images of the same names in DIR/ir and DIR/vi (TNO, RoadScene, M3FD, your own), or in
#           train and test folders of this form (MSRS: data.split=folders). Without data it runs on the sample.
# Command:  python tools/run_pipeline.py fusion_quality --data DIR data.name=TNO fusers=maximum,laplacian
# Override: fuser_options.isfuse.weights=FILE metrics.names=AG,Qabf,VIF metrics.convention=clean
# Takes:    about a second for three pairs and one fuser on two cores.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
