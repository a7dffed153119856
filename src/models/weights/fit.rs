//! Whether a tensor of a file fits a parameter, and by what.

use super::options::{LoadOptions, Stem};
use super::positions::Positions;

/// How a tensor comes to fit.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fit {
    /// As it is.
    Exact,
    /// The same numbers in another shape, which differs in sides of length 1 only.
    Reshaped,
    /// A convolution for so many channels becomes one for a single channel.
    Stem(Stem, usize),
    /// Positions of another grid.
    Grid(Positions, Positions),
}

/// A network's patches and those of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patches {
    /// Tokens before the patches in the file and in the network.
    pub tokens: [usize; 2],
    /// Channels that the file's patches are made of.
    pub channels: Option<usize>,
    /// The network's grid, where it is known.
    pub grid: Option<[usize; 2]>,
}

/// More channels are no picture.
const MOST_CHANNELS: usize = 4;
/// Patches of some minutes of sound.
const MOST_POSITIONS: usize = 1 << 17;
/// Patches along frequency of AST's published networks (128 mels, patches of 16), by their strides 10, 12, 14 and 16.
const ROWS: [usize; 4] = [12, 10, 9, 8];

/// How a tensor of shape `own` comes to fit the parameter `name` of shape `wanted`; nothing where it does not.
pub(super) fn fit(
    name: &str,
    own: &[usize],
    wanted: &[usize],
    options: &LoadOptions,
    patches: Patches,
) -> Option<Fit> {
    if name.rsplit('.').next() == Some("pos_embed")
        && let Some(fit) = grids(own, wanted, options, patches)
    {
        return Some(fit);
    }
    if own == wanted {
        return Some(Fit::Exact);
    }
    if let ([outputs, channels, height, width], [wanted_outputs, 1, wanted_height, wanted_width]) =
        (own, wanted)
        && (2..=MOST_CHANNELS).contains(channels)
        && [outputs, height, width] == [wanted_outputs, wanted_height, wanted_width]
    {
        let is_projection = name.ends_with("patch_embed.proj.weight");
        let standard = if is_projection { Stem::Sum } else { Stem::Mean };
        return Some(Fit::Stem(options.stem.unwrap_or(standard), *channels));
    }
    let long = |shape: &[usize]| -> Vec<usize> {
        shape.iter().copied().filter(|length| *length != 1).collect()
    };
    (long(own) == long(wanted)).then_some(Fit::Reshaped)
}

/// How positions come to fit, where both grids are known or can be told.
fn grids(own: &[usize], wanted: &[usize], options: &LoadOptions, patches: Patches) -> Option<Fit> {
    let ([1, count, width], [1, wanted_count, wanted_width]) = (own, wanted) else { return None };
    if width != wanted_width {
        return None;
    }
    let [before, after] = patches.tokens;
    let (old, new) = (count.checked_sub(before)?, wanted_count.checked_sub(after)?);
    if old > MOST_POSITIONS {
        return None;
    }
    let to = match patches.grid {
        Some([rows, columns]) if rows.checked_mul(columns) == Some(new) => [rows, columns],
        Some(_) => return None,
        // Nothing needs to be known where nothing changes.
        None if old == new && before == after => return None,
        None => audio(new, None)?,
    };
    let from = match options.grid {
        Some([rows, columns]) if rows.checked_mul(columns) == Some(old) => [rows, columns],
        Some(_) => return None,
        None if patches.channels == Some(1) => audio(old, Some(to[0]))?,
        None => square(old).or_else(|| audio(old, Some(to[0])))?,
    };
    if from == to && before == after {
        return None;
    }
    let (from, to) =
        (Positions { tokens: before, grid: from }, Positions { tokens: after, grid: to });
    Some(Fit::Grid(from, to))
}

/// The grid of a picture.
fn square(count: usize) -> Option<[usize; 2]> {
    let side = count.isqrt();
    (side * side == count).then_some([side, side])
}

/// The grid of a spectrogram, by the number of rows that is likely.
fn audio(count: usize, rows: Option<usize>) -> Option<[usize; 2]> {
    let divides = |rows: &usize| count > 0 && *rows > 0 && count.is_multiple_of(*rows);
    let rows = rows.into_iter().chain(ROWS).find(divides)?;
    Some([rows, count / rows])
}
