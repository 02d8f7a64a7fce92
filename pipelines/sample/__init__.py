"""The built-in sample: generated street scenes that a warm camera and a colour camera see differently."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
