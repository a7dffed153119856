//! The book and the README: every block of a recipe and every command is run.
