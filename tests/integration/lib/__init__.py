"""What the integration cases stand on; see ../run."""
