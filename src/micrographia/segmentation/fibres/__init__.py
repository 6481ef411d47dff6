"""Fibres, wires and tubes: centre lines through crossings, widths and shapes."""
