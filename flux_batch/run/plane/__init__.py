"""The data plane: what is done with bytes, behind one seam. Money and the protocol stay in the one process outside."""
