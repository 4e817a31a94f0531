"""GPUs of one machine handed out in turn, and who held how many for how long, whatever the spawner."""
