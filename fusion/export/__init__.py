"""Export learned fusers to files for other engines: ONNX, OpenVINO and TorchScript.

Inside:
    export: `export_fuser`, which checks the arguments and calls the rest.
    onnx, operators: write ONNX, with our own form of three operators.
    int8: quantise an ONNX file.
    torchscript: write TorchScript.
    check: compare an exported file with its network.

Other rooms call `export_fuser`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
