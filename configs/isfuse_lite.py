# Knowledge distillation: a small student for real-time fusion on CPUs, compared with its teacher.
#
# Needs:    training and test pairs in DIR/train and DIR/test, each with folders ir and vi (as in MSRS). Without data it
#           runs on the sample.
# Command:  python tools/run_pipeline.py isfuse_lite --data DIR data.name=MSRS
# Override: training.network.channels=24 training.teacher=gradient_transfer (any fuser can be the teacher)
# Takes:    half an hour for MSRS on one core; two minutes for the sample on two cores, with a shorter schedule.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(split="folders")
fusers = ["isfuse"]
variants = dict(student=dict())  # with the settings of `training`
training = dict(
    network=dict(channels=16, shrink=2, blend=True),
    ablation="no_interventions",
    teacher="isfuse",
    schedule=dict(epochs=120, learning_rate=4e-3, precision="float32"),
)
