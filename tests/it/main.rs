//! The programs as their users meet them: real processes, real cells, real files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod bad_input;
mod crossing;
mod direct;
mod faults;
mod house;
mod judging;
mod kiro;
mod own_login;
mod preflight;
mod real_assistants;
mod real_programs;
mod real_stream;
mod rejudge;
mod resume;
mod rounds;
mod samples;
mod serve;
mod terminal;
mod upkeep;
