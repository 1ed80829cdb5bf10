"""What several commands share: options, output, progress, a clean stop."""
