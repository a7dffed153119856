//! Tiles of 2 × 2 places of a picture, and what they see: 4 × 4 places each.

use super::super::Geometry;
use std::ops::Range;

/// Tiles of one image: some rows and columns of them.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub image: usize,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// A row of a block: its first tile's place in the order of all tiles, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    image: usize,
    row: usize,
    column: usize,
    pub at: usize,
    pub count: usize,
}

/// What of a vector of tiles lies in one row of a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub vector: usize,
    /// The first tile's place in the vector.
    pub lane: usize,
    /// Where its first output is in the first channel, and how many outputs there are beside and below it.
    pub to: usize,
    pub width: usize,
    pub height: usize,
}

/// All tiles of all images, in parts of about `most`, a multiple of `lanes`: some images, some rows of one, or a part of a
/// row. They depend on the shape alone.
pub(super) fn blocks(shape: &Geometry, most: usize, lanes: usize) -> Vec<Vec<Block>> {
    let [height, width] = shape.output.map(|length| length.div_ceil(2));
    if height * width == 0 {
        return Vec::new();
    }
    if height * width <= most {
        let images: Vec<usize> = (0..shape.batch).collect();
        let whole = |image: &usize| Block { image: *image, rows: 0..height, columns: 0..width };
        let parts = images.chunks(most / (height * width));
        return parts.map(|images| images.iter().map(whole).collect()).collect();
    }
    let across = width.div_ceil(width.div_ceil(most)).next_multiple_of(lanes).min(width);
    let down = (most / across).max(1);
    let mut blocks = Vec::new();
    for image in 0..shape.batch {
        for row in (0..height).step_by(down) {
            for column in (0..width).step_by(across) {
                let rows = row..(row + down).min(height);
                blocks.push(vec![Block {
                    image,
                    rows,
                    columns: column..(column + across).min(width),
                }]);
            }
        }
    }
    blocks
}

impl Block {
    /// Rows of tiles.
    pub(super) fn height(&self) -> usize {
        self.rows.len()
    }

    /// Lays out what the tiles see of a plane: line by line the even columns and then the odd ones, zeros where there is
    /// no picture, with room for whole vectors. Gives the floats of half a line.
    #[inline(always)]
    pub(super) fn lay(
        &self,
        shape: &Geometry,
        lanes: usize,
        plane: &[f32],
        to: &mut Vec<f32>,
    ) -> usize {
        let [height, width] = shape.size;
        let used = self.columns.len() + 1;
        let part = self.columns.len().next_multiple_of(lanes) + 1;
        to.clear();
        to.resize((2 * self.height() + 2) * 2 * part, 0.0);
        for (line, to) in (2 * self.rows.start..).zip(to.chunks_exact_mut(2 * part)) {
            let line = line.checked_sub(shape.padding[0]).filter(|line| *line < height);
            let Some(line) = line else { continue };
            let line = &plane[line * width..][..width];
            for (phase, to) in to.chunks_exact_mut(part).enumerate() {
                // The first column that is one of the picture, and where it lies.
                let column = 2 * self.columns.start + phase;
                let skipped = shape.padding[1].saturating_sub(column).div_ceil(2);
                let first = (column + 2 * skipped).saturating_sub(shape.padding[1]);
                let Some(line) = line.get(first..).filter(|line| !line.is_empty()) else {
                    continue;
                };
                let count = line.len().div_ceil(2).min(used.saturating_sub(skipped));
                let to = &mut to[skipped.min(used)..][..count];
                let pairs = line.as_chunks::<2>().0;
                to.iter_mut().zip(pairs).for_each(|(to, pair)| *to = pair[0]);
                // The last one may have no neighbour.
                if count > pairs.len() {
                    to[count - 1] = line[line.len() - 1];
                }
            }
        }
        part
    }
}

impl Line {
    /// The rows of some blocks, their tiles one after another.
    pub(super) fn of(blocks: &[Block]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut at = 0;
        for block in blocks {
            for row in block.rows.clone() {
                let (column, count) = (block.columns.start, block.columns.len());
                lines.push(Line { image: block.image, row, column, at, count });
                at += count;
            }
        }
        lines
    }
}

impl Segment {
    /// The segments of so many vectors.
    pub(super) fn of(
        shape: &Geometry,
        group: usize,
        lines: &[Line],
        [vectors, lanes]: [usize; 2],
    ) -> Vec<Segment> {
        let [height, width] = shape.output;
        let mut segments = Vec::new();
        for vector in 0..vectors {
            for line in lines {
                let from = line.at.max(vector * lanes);
                let end = (line.at + line.count).min((vector + 1) * lanes);
                if from >= end {
                    continue;
                }
                let (row, column) = (2 * line.row, 2 * (line.column + from - line.at));
                segments.push(Segment {
                    vector,
                    lane: from - vector * lanes,
                    to: shape.image_group_output(line.image, group).start + row * width + column,
                    width: (2 * (end - from)).min(width - column),
                    height: 2.min(height - row),
                });
            }
        }
        segments
    }
}
