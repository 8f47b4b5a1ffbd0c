"""Where is that, and how far: places of the world, found without asking anybody outside."""
