from .layouts import sample_split as sample_split
from .layouts import write_sample as write_sample
from .marks import SAMPLE_MARK as SAMPLE_MARK
from .marks import SAMPLE_NOTE as SAMPLE_NOTE
from .streets import ONLY_SHOWN_BY as ONLY_SHOWN_BY
