# A small student of the network, for real time on processors, beside its teacher.
#
# Needs:    pairs to train on and to score, in DIR/train and DIR/test, each with ir and vi (MSRS has this form); or
#           nothing: then it runs on the sample.
# Command:  python tools/run_pipeline.py isfuse_lite --data DIR data.name=MSRS
# Override: training.network.channels=24 training.teacher=gradient_transfer (any fuser can teach)
# Takes:    half an hour on one core for MSRS; on the sample two minutes on two cores, with a shorter schedule.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(split="folders")
fusers = ["isfuse"]
variants = dict(student=dict())  # trained as `training` says
training = dict(
    network=dict(channels=16, shrink=2, blend=True),
    ablation="no_interventions",
    teacher="isfuse",
    schedule=dict(epochs=120, learning_rate=4e-3, precision="float32"),
)
