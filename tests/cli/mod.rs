//! The command line, as a user meets it.

mod damage;
mod features;
mod recipes;
mod reproducible;
mod run;
mod usage;
