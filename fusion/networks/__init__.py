"""Networks: plain torch modules that know nothing of files, configs or registries."""
