//! Faults that a run must survive: kills, full disks, damaged files, clocks, neighbours, signals.

mod actor;
mod asked;
mod averages;
mod clock;
mod crowd;
mod damage;
mod data;
mod edits;
mod full;
mod index;
mod keys;
mod kills;
pub mod lab;
mod longer;
mod parts;
mod renamed;
mod replays;
mod signals;
mod standing;
mod swaps;
mod twins;
mod written;
