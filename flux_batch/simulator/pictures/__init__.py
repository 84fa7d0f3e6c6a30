"""Pictures for a rehearsal: drawn from the request alone, quickly, and pleasant to look at on a contact sheet."""
