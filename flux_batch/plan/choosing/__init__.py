"""Which of the planned images a run is about."""
