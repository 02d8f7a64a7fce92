"""Inference engines that run model files on the CPU.

Inside:
    session: what every engine provides (`Session`, `Port`) and `open_model`, which selects the engine.
    onnxruntime_session, openvino_session: one file per engine, imported by `open_model` when it is needed.

Other rooms open a model with `open_model` and see a `Session` only.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
