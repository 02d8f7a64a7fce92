"""The metrics of image fusion, each under the convention with which a published number was computed.

- catalogue: all metrics by convention and name, `choose_metrics`, and `measure` to compute them; torch is imported on
  the first computation.
- information, fidelity, gradient, similarity, exposure, edges, contrast, phase: the metric functions by kind.
- metric: what a metric is; triplet: the images that every metric takes.
- structure, filters: SSIM and the windows that several metrics share.

Other rooms use what `__init__.pyi` lists.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
