"""Atomic files, content hashes and tensor files.

Inside:
    files: write files atomically; read and write text, CSV and JSON.
    fingerprints: hash files and folders by content.
    tensor_files: named tensors with JSON facts, as safetensors; imports torch.

Other rooms import the names in `__init__.pyi` from here; each is loaded on first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
