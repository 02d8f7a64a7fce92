"""Training of the fusion network.

- settings: `Schedule` and `LossWeights`; objective: `Objective` and its ablations; passes: the network on pairs with
  parts hidden. All can be imported and checked without torch.
- critic: what a network for a task must offer to be trained along (`Critic`).
- losses/: the terms of the loss.
- trainer: `Trainer`, the training loop; state: what it saves and resumes from.
- crops, batches: aligned crops of the pairs, and mini-batches with their masks (`Batch`, `draw_masks`).
- validation: held-out pairs, and the network's loss and metrics on them.
- parallel, sync_batchnorm: one training in several processes, as torchrun starts them.

Other rooms use what `__init__.pyi` lists.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
