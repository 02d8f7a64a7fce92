"""Which stages a pipeline has, by task: detection, segmentation, fusion quality.

- `build`: from settings to stages, for the command line and for worker processes.
- `detection`, `segmentation`, `quality`: the three tasks.
- `boxes`, `masks`: the stages of rows that train no network: merged networks, predictions of other code.
- `stress`, `stressed_boxes`, `stressed_masks`: the stages that test trained networks under conditions.
- `intervening`: the stages that make a share of the training images from intervened pairs.
- `critics`: the task's network as the critic of a fusion network; `for_task`: such a training without a table.
- `sampling`, `fusing`, `scoring`, `costs`, `effects`: the stages they share.

Stages are declared without importing torch, ultralytics or segmentation_models_pytorch; these are imported when a stage
runs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
