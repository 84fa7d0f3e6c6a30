"""What the user wrote: text → frozen records, or every problem at once with file:line:column."""
