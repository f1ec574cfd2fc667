"""Where tickets, campaigns and orders come from."""
