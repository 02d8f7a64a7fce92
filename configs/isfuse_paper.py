# The network trained exactly as its paper does, scored on the test pairs beside the plain fusions.
#
# Needs:    pairs to train on and to score, in DIR/train and DIR/test, each with ir and vi (MSRS has this form); or
#           nothing: then it runs on the sample.
# Command:  python tools/run_pipeline.py isfuse_paper --data DIR data.name=MSRS device=cuda
# Override: training.schedule.epochs=100 (python tools/train_fusion.py --recipe isfuse_paper trains without scoring)
# Takes:    an hour of a large GPU for MSRS; on the sample three minutes on two cores, with a shorter schedule.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(split="folders")
fuser_options = dict(isfuse=dict(weights="train"))
training = dict(
    network=dict(shared_encoder=True, gate="channel"),
    divided=False,
    loss=dict(form="paper"),
    schedule=dict(
        epochs=50,
        batch_size=16,
        crop=256,
        learning_rate=1e-4,
        decay="constant",
        interventions_from=0.0,
        precision="float32",
    ),
)
