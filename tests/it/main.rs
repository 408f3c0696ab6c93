//! The programs as their users meet them: real processes, real cells, real files.

mod bad_input;
mod house;
mod real_assistants;
mod resume;
mod samples;
mod serve;
mod terminal;
