"""The command lines: parse, call one function, print. Each is `tools/NAME.py` in a checkout and `stablefuse NAME`.

- `stablefuse`: the console script, which chooses one of the others.
- `run_pipeline`, `train_fusion`, `score_fusion`, `export_fuser`, `check_data`, `check_fuser`, `register_pairs`,
  `benchmark`: one command each. That of fusing is `fusion.__main__`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
