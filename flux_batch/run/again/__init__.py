"""Going on with the plan that a run folder is about already, without making it again."""
