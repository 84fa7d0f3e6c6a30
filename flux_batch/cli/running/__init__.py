"""Carrying out and its end: ``run``, ``rehearse``, and what remains to do."""
