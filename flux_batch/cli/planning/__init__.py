"""What ``plan`` and ``diff`` show, in every form."""
