"""The metrics of image fusion, each under the convention that a paper's number was made with."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
