# The fusion methods of a table and how the learned ones are trained.
fusers = ["infrared", "visible", "average", "maximum", "laplacian", "isfuse"]
# By row: options of its fuser. Weights are a file, or "train": on the training pairs first. With `type` a row takes any
# fuser, an ONNX model, a class in a Python file, or a folder: mine=dict(type="laplacian", levels=3).
fuser_options = dict(isfuse=dict(weights="shipped"))
variants = dict()  # further rows: isfuse trained with other settings of `training`, such as wider=dict(network=...)
training = dict(
    network=dict(shared_encoder=False, gate="pixel"),
    ablation="full",
    batchnorm="standard",
    divided=True,
    start=None,  # weights to go on from: a file, or isfuse for those that come with the project
    teacher=None,  # a fuser whose results are to be learned
    loss=dict(
        form="detail",
        information=0.0,  # weight of what cannot be seen of the sources; the shipped weights were finished with 0.4
        edges=1.0,
        invariance=0.1,
        necessity=0.05,
        gate_target=0.3,
        entropy_sign=-1.0,
        necessity_sign=1.0,
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
        precision="auto",  # bfloat16 where the device has it, else float32
    ),
)
