"""A bad day of the cameras: pairs under conditions such as noise, a shift, or a camera that fails.

- changes: what a condition does to the images, one function per kind.
- conditions: `CONDITIONS`, by name with their usual severities, and functions of the user's own.
- pairs: pairs that are read as the cameras see them under a condition (`disturb`).

Importing this room does not import torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
