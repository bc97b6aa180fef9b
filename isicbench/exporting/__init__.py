"""What the database holds, as files that other tools open."""
