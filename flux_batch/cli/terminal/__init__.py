"""How every command speaks: options, output, progress, errors."""
