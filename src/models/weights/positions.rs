//! Trained positions for another grid of patches, in the order and by the rules of AST's code: time first, then
//! frequency; what is longer is cut around its middle, what is shorter is interpolated.

use crate::error::{Error, Kind, Result};
use crate::tensor::{Interpolation, Tensor, words};

/// What a table of positions is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// Tokens before the patches.
    pub tokens: usize,
    /// Patches along frequency and along time.
    pub grid: [usize; 2],
}

impl Positions {
    fn count(&self) -> usize {
        self.tokens.saturating_add(self.grid[0].saturating_mul(self.grid[1]))
    }
}

/// The table `[1, positions, width]` for another grid, and what was done.
///
/// A side that is longer than wanted is cut: from `⌊old/2⌋ − ⌊new/2⌋` on. One that is shorter is interpolated
/// linearly, the outer edges staying where they are (`align_corners` off). Where more tokens are wanted than there
/// are, the last one's position stands for them.
///
/// # Errors
/// A table of another length.
pub fn fitted_positions(
    table: &Tensor,
    from: Positions,
    to: Positions,
) -> Result<(Tensor, String)> {
    let shape = table.shape();
    let [1, count, width] = *shape.as_slice() else { return Err(unfit(&shape, from)) };
    let is_empty = from.grid.contains(&0) || to.grid.contains(&0);
    if count != from.count() || is_empty || from.tokens == 0 && to.tokens > 0 {
        return Err(unfit(&shape, from));
    }
    let [rows, columns] = from.grid;
    let mut grid = table
        .narrow(1, from.tokens, rows * columns)?
        .reshape(&[1, rows as i64, columns as i64, width as i64])?
        .permute(&[0, 3, 1, 2])?;
    let mut told = Vec::new();
    let sides = [("time", 3, columns, to.grid[1]), ("frequency", 2, rows, to.grid[0])];
    for (name, axis, old, new) in sides {
        if new < old {
            let start = old / 2 - new / 2;
            grid = grid.narrow(axis, start, new)?;
            told.push(format!("{name} cut to places {start} to {} of {old}", start + new - 1));
        } else if new > old {
            let shape = grid.shape();
            let mut size = [shape[2], shape[3]];
            size[axis as usize - 2] = new;
            grid = grid.interpolate(&size, Interpolation::Linear, false)?;
            told.push(format!("{name} interpolated from {old} to {new} places"));
        }
    }
    let patches = (to.grid[0] * to.grid[1]) as i64;
    let patches = grid.permute(&[0, 2, 3, 1])?.reshape(&[1, patches, width as i64])?;
    let mut parts = Vec::new();
    if to.tokens > 0 {
        parts.push(table.narrow(1, 0, to.tokens.min(from.tokens))?);
    }
    for _ in from.tokens..to.tokens {
        parts.push(table.narrow(1, from.tokens - 1, 1)?);
    }
    if from.tokens != to.tokens {
        told.push(format!("positions of {} tokens for {}", from.tokens, to.tokens));
    }
    parts.push(patches);
    let how = format!("positions {rows}×{columns} to {}×{}", to.grid[0], to.grid[1]);
    let how = [vec![how], told].concat().join(", ");
    Ok((Tensor::cat(&parts, 1)?, how))
}

fn unfit(shape: &[usize], from: Positions) -> Error {
    let Positions { tokens, grid: [rows, columns] } = from;
    Error::new(Kind::Shape, "positions", "the table does not fit its grid")
        .expected(format!("[1, {tokens} tokens + {rows} × {columns}, width]"))
        .received(words(shape))
}
