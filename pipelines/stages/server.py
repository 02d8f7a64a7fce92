"""The first module that the server of stage processes imports: from then on it ends with the pipeline."""

from pipelines.stages.orphans import end_with_parent

end_with_parent()
