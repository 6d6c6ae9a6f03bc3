"""The CI gate: configuration, jobs, cache, policy, reports."""
