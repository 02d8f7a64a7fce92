"""Export learned fusers to files for other engines: ONNX, OpenVINO and TorchScript.

Inside:
    export: `export_fuser` and `export_checked`, which check the arguments and call the rest.
    onnx, operators: write ONNX, with our own form of three operators.
    int8: quantise an ONNX file.
    torchscript: write TorchScript.
    check: compare an exported file with its network.

Other rooms call `export_fuser` or `export_checked`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
