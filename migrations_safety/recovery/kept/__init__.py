"""What was kept instead of dropped: put back, or ended behind a gate of its own."""
