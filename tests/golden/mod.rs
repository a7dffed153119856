//! Numbers against outside oracles. Each file of numbers was written by the script beside it.
