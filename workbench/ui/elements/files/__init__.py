"""Files between the browser and Python."""
