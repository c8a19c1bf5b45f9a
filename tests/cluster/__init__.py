"""The topology of `docker-compose.yml` on loopback and without containers: for trying faults, and for measuring."""
