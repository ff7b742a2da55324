"""What every room may use: errors, findings, boxes, configuration loading, files, drawing, console, registry."""
