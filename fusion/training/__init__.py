"""Training of the fusion network."""
