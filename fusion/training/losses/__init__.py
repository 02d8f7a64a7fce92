"""The terms of the training loss, loaded on first use, so that an objective can be checked without torch.

- terms: the paper's terms (fusion, invariance, necessity), and which fusion term a training uses.
- detail: the fusion term that demands strong edges on a high-contrast base.
- information: visual information fidelity as a loss.
- distillation: the fusion term of a student.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
