"""Files of results that are scored in place of a model: a folder or a zip, in any form."""
