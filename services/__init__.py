"""What touches the world: one worldly thing per module, around a pure core that decides and counts."""
