"""The pipelines: the only place that knows both fusion and the downstream task."""
