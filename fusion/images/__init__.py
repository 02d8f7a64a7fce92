"""Images and pairs of them."""
