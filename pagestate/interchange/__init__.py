"""Other tools' formats: finite instances of a system as Promela, and as and-inverter graphs."""
