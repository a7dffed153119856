//! The command line, as a user meets it.

mod bench;
mod compare;
mod damage;
mod data;
mod eval;
mod export;
mod features;
mod hostile_files;
mod hostile_loops;
mod hostile_sources;
mod made;
mod manners;
mod memory;
mod models;
mod predict;
mod pretrained;
mod recipes;
mod repl;
mod reproducible;
mod right;
mod run;
mod runs;
mod sharing;
mod show;
mod test;
mod usage;
