//! Means of blocks that lie side by side: pooling whose windows neither overlap nor reach beyond the picture.

use super::super::vectors::{fresh, vectorised_loops};
use rayon::prelude::*;

/// Numbers of the planes of one task at least: fewer are not worth a thread.
const TASK: usize = 1 << 14;

/// Blocks of planes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    /// Height and width of a block.
    pub size: [usize; 2],
    /// Height and width of a plane; what no whole block covers is left out.
    pub plane: [usize; 2],
}

impl Blocks {
    /// How many there are in a plane, down and across.
    pub(super) fn counts(&self) -> [usize; 2] {
        [self.plane[0] / self.size[0], self.plane[1] / self.size[1]]
    }

    fn factor(&self) -> f32 {
        1.0 / (self.size[0] * self.size[1]) as f32
    }

    /// `planes` of `length`, each made of one of `from`.
    fn each(
        &self,
        [length, from_length]: [usize; 2],
        from: &[f32],
        make: impl Fn(&[f32], &mut [f32], &mut Vec<f32>) + Sync,
    ) -> Vec<f32> {
        let planes = from.len() / from_length.max(1);
        let least = TASK.div_ceil(length.max(from_length).max(1));
        // SAFETY: each plane is one task's, and its part is set to 0 before it is handed out.
        unsafe {
            fresh(planes * length, |target| {
                let tasks = (0..planes).into_par_iter().with_min_len(least);
                tasks.for_each_init(Vec::new, |row, index| {
                    let from = &from[index * from_length..][..from_length];
                    let to = target.part(index * length, length);
                    vectorised_loops(
                        #[inline(always)]
                        || make(from, to, row),
                    );
                });
            })
        }
    }

    /// The mean of each block.
    pub(super) fn means(&self, input: &[f32]) -> Vec<f32> {
        let ([height, width], [rows, columns]) = (self.plane, self.counts());
        self.each(
            [rows * columns, height * width],
            input,
            #[inline(always)]
            |input, output, sums| {
                let used = columns * self.size[1];
                let rows = output.chunks_exact_mut(columns.max(1));
                for (output, rows) in rows.zip(input.chunks_exact(self.size[0] * width)) {
                    sums.clear();
                    sums.extend_from_slice(&rows[..used]);
                    for row in rows.chunks_exact(width).skip(1) {
                        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                    }
                    match self.size[1] {
                        2 => {
                            let pairs = sums.as_chunks::<2>().0;
                            let to = output.iter_mut().zip(pairs);
                            to.for_each(|(to, [a, b])| *to = (a + b) * self.factor());
                        }
                        size => {
                            let to = output.iter_mut().zip(sums.chunks_exact(size));
                            to.for_each(|(to, sums)| {
                                *to = sums.iter().sum::<f32>() * self.factor()
                            });
                        }
                    }
                }
            },
        )
    }

    /// The adjoint: each number, over those of a block, all over its block.
    pub(super) fn spread(&self, means: &[f32]) -> Vec<f32> {
        let ([height, width], [rows, columns]) = (self.plane, self.counts());
        self.each(
            [height * width, rows * columns],
            means,
            #[inline(always)]
            |means, output, _| {
                let blocks = output.chunks_exact_mut(self.size[0] * width);
                for (means, rows) in means.chunks_exact(columns.max(1)).zip(blocks) {
                    let (first, rest) = rows.split_at_mut(width);
                    match self.size[1] {
                        2 => {
                            let pairs = first.as_chunks_mut::<2>().0;
                            let to = pairs.iter_mut().zip(means);
                            to.for_each(|(to, mean)| *to = [mean * self.factor(); 2]);
                        }
                        size => {
                            let to = first.chunks_exact_mut(size).zip(means);
                            to.for_each(|(to, mean)| to.fill(mean * self.factor()));
                        }
                    }
                    rest.chunks_exact_mut(width).for_each(|row| row.copy_from_slice(first));
                }
            },
        )
    }
}
