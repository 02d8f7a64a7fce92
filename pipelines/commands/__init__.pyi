from .stablefuse import command as command
