# Fusion quality: what the metrics of the field say of each fusion method, on any folder of pairs.
#
# Needs:    infrared and visible images of equal names in DIR/ir and DIR/vi (TNO, RoadScene, M3FD, your own), or in
#           train and test folders of that form (MSRS: data.split=folders); or nothing: then it runs on the sample.
# Command:  python tools/run_pipeline.py fusion_quality --data DIR data.name=TNO fusers=maximum,laplacian
# Override: fuser_options.isfuse.weights=FILE metrics.names=AG,Qabf,VIF metrics.convention=clean
# Takes:    about a second for three pairs and one fuser on two cores.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
