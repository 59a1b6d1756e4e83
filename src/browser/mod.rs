//! Performs what `core` decides, with web APIs: one small file per API, RAII guards, `Result` instead of panics.
