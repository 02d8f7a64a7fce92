# The fusers of a table, and how the learned ones are trained.
fusers = ["infrared", "visible", "average", "maximum", "laplacian", "isfuse"]
# Options of the fusers by row. `weights` is a file, "shipped", or "train" to train on the training pairs first. With
# `type`, a row can be any fuser, an ONNX model, a class in a Python file, or a folder of fused images:
# mine=dict(type="laplacian", levels=3). Rows of a detector or segmenter may also be early, late or predictions.
fuser_options = dict(isfuse=dict(weights="shipped"))
variants = dict()  # further rows: isfuse trained with changes to `training`, such as wider=dict(network=...)
on_request = dict()  # variants that become rows only if `fusers` names them
training = dict(
    network=dict(
        shared_encoder=False,
        gate="pixel",
        channels=32,
        shrink=1,  # 2: features of half the size, about ten times as fast with channels=16 and blend=True
        blend=False,
        planes=1,  # 3: luma and colours
    ),
    ablation="full",
    batchnorm="standard",
    divided=True,
    start=None,  # initial weights: a file, or isfuse or isfuse-lite for shipped ones
    teacher=None,  # the fuser to distil
    task=None,  # "detection" or "segmentation": the pipeline's network is trained along and judges the fused images
    critic_rate=1e-3,  # the learning rate of that network
    loss=dict(
        form="detail",
        information=0.0,  # weight of the information loss; the shipped weights were fine-tuned with 0.4
        edges=1.0,
        invariance=0.1,
        necessity=0.05,
        gate_target=0.3,
        entropy_sign=-1.0,
        necessity_sign=1.0,
        task=0.1,  # weight of the loss of the network of `training.task`
    ),
    schedule=dict(
        epochs=140,
        batch_size=8,
        crop=128,
        learning_rate=2e-3,
        decay="cosine",
        interventions_from=0.75,
        validation=0.1,
        seed=0,
        precision="auto",  # bfloat16 if the device supports it, else float32
    ),
)
