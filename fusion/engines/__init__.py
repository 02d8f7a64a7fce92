"""Inference engines that run model files on the CPU.

Inside:
    loading: `open_model`, which selects the engine.
    session: what every engine provides (`Session`, `Port`).
    onnxruntime_session, openvino_session: one file per engine, imported when it is selected.
    external_data: the files in which a model stores its weights outside itself (`weight_files`).

Other rooms open a model with `open_model` and use the `Session` that it returns.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
