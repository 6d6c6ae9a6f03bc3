"""Pure data: sorts, terms, systems, properties, verdicts, traces.  No solver, no files."""
