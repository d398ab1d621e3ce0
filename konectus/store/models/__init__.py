"""Tables, one file per family. Written only through services and read through queries."""
