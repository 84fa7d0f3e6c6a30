"""Money, time, and what each value costs."""
