"""What several commands share: their options, settings of recipes, pages and writers."""
