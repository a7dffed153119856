//! The command line, as a user meets it.

mod compare;
mod damage;
mod eval;
mod features;
mod made;
mod memory;
mod recipes;
mod repl;
mod reproducible;
mod run;
mod runs;
mod sharing;
mod test;
mod usage;
