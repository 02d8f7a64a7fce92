# Training recipes: the shipped one, and one row for each design choice that was rejected, trained alike.
#
# Needs:    training and test pairs in DIR/train and DIR/test, each with folders ir and vi (as in MSRS). Without data it
#           runs on the sample.
# Command:  python tools/run_pipeline.py recipes --data DIR data.name=MSRS training.schedule.epochs=16
# Override: training.schedule.interventions_from=0.5 variants.mine.loss.invariance=0.2
# Takes:    ten training runs; nine minutes for the sample on two cores.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(split="folders")
fusers = []
variants = dict(
    shipped=dict(),
    shared_encoder=dict(network=dict(shared_encoder=True)),
    channel_gate=dict(network=dict(gate="channel")),
    open_or_shut_gates=dict(loss=dict(entropy_sign=1.0)),
    unlike_single=dict(loss=dict(necessity_sign=-1.0)),
    batchnorm_all=dict(batchnorm="all"),
    undivided=dict(divided=False),
    information=dict(loss=dict(information=0.3)),
    paper_loss=dict(loss=dict(form="paper")),
    paper=dict(network=dict(shared_encoder=True, gate="channel"), loss=dict(form="paper"), divided=False),
)
metrics = dict(names=["AG", "SF", "PSNR", "CC", "SCD", "Qabf", "VIF", "Nabf", "SSIM"])
