"""Which stages a pipeline has."""
