//! What the benches share: nothing yet. Each bench is a folder of its own.
