"""Fusion methods: the contract, the registry, and every method there is."""
