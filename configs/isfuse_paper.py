# ISFuse trained as in its paper, and scored on the test pairs together with the simple fusions.
#
# Signs:    where the paper's text contradicts its formulas or the released code, as in the code: gates are pushed away
#           from 0 and 1, single-camera outputs towards the fused one. For those of the text:
#           training.loss.entropy_sign=1 training.loss.necessity_sign=-1
# Differs:  infrared and visible crops are cut at the same place (the released loader cuts them at two); of 10 % of the
#           pairs, held out, the loss decides which epoch is kept; the features of an unchanged image are computed once
#           a step, and BatchNorm counts them once (the released code in each of the passes, all of which count).
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
    batchnorm="all",
    divided=False,
    loss=dict(
        form="paper",
        information=0.0,
        edges=1.0,
        invariance=0.1,
        necessity=0.05,
        gate_target=0.3,
        entropy_sign=-1.0,
        necessity_sign=1.0,
    ),
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
