"""What a dataset holds: counts, panels, and the report of an inspection."""
