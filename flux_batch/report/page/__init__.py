"""The contact sheet: records first, then one page."""
