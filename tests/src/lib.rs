//! Shared help for the tests over the programs.
