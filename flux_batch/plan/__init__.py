"""Pure: records → tasks, graph, price, and the difference to what is already done."""
