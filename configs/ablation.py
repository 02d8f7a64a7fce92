# The ablation study of the paper: ISFuse without each of its parts, trained alike, next to the published values.
#
# Needs:    training and test pairs in DIR/train and DIR/test, each with folders ir and vi (as in MSRS). Without data it
#           runs on the sample.
# Command:  python tools/run_pipeline.py ablation --data DIR data.name=MSRS
# Override: training.schedule.epochs=20 training.schedule.crop=128 variants.mine.network.gate=pixel
# Takes:    six training runs; five minutes for the sample on two cores.
_base_ = ["_base_/pairs.py", "_base_/fusers.py", "_base_/run.py", "_base_/effects.py", "_base_/sample_pairs.py"]
task = "quality"
data = dict(split="folders")
fusers = []
variants = dict(
    no_integrator=dict(ablation="no_integrator"),
    no_invariance=dict(ablation="no_invariance"),
    no_necessity=dict(ablation="no_necessity"),
    no_invariance_no_necessity=dict(ablation="no_invariance_no_necessity"),
    no_interventions=dict(ablation="no_interventions"),
    full=dict(ablation="full"),
)
metrics = dict(
    names=["AG", "SF", "PSNR", "CC", "Qabf", "VIF"],
    published=dict(
        no_integrator=dict(AG=5.764, PSNR=60.21, CC=0.544, Qabf=0.428),
        no_invariance=dict(AG=5.179, PSNR=58.08, CC=0.573, Qabf=0.331),
        no_necessity=dict(AG=4.016, PSNR=61.39, CC=0.393, Qabf=0.368),
        no_invariance_no_necessity=dict(AG=3.361, PSNR=59.85, CC=0.524, Qabf=0.312),
        no_interventions=dict(AG=5.332, PSNR=63.95, CC=0.598, Qabf=0.524),
        full=dict(AG=6.136, PSNR=63.62, CC=0.605, Qabf=0.467),
    ),
)
