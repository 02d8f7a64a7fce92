# ISFuse trained exactly as in its paper, and scored on the test pairs together with the simple fusions.
#
# Needs:    training and test pairs in DIR/train and DIR/test, each with folders ir and vi (as in MSRS). Without data it
#           runs on the sample.
# Command:  python tools/run_pipeline.py isfuse_paper --data DIR data.name=MSRS device=cuda
# Override: training.schedule.epochs=100 (training only: python tools/train_fusion.py --recipe isfuse_paper)
# Takes:    an hour for MSRS on a large GPU; three minutes for the sample on two cores, with a shorter schedule.
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
