"""The wire: task ↔ JSON (pure), and the one client that speaks HTTP."""
