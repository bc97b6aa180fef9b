"""The report's page, served to a browser on this machine and kept up to date."""
