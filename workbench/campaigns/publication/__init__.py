"""Sets as TAGGED collections: made, and read as inputs."""
