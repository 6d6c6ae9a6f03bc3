"""What a verdict has to pass: replay of traces, certificates, the exit code."""
