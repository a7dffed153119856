//! Scaled attention of several heads without keeping the scores: they are made for a few queries at a time, stay in the
//! cache until they are used, and are made once more in the backward pass (Dao et al. 2022, without the tiles along the
//! keys: all scores of a query fit).

use crate::tensor::kernels::lanes::{
    Rounding, by_rounding, exp, fresh, largest, sum, sum_of_two, unless, vectorised,
};
use crate::tensor::kernels::product::{Matrix, Shared};
use rayon::prelude::*;

/// Scores that are worked on at once: about half of a second-level cache.
const SCORES: usize = 1 << 17;

/// Weights below e^−60 count as nothing: their products would only be numbers that processors are slow with.
const NOTHING: f32 = -60.0;

/// The lengths of one attention, whose queries, keys and values lie side by side: `[batch, token, 3, head, width]`.
#[derive(Clone, Copy, Debug)]
pub(in crate::tensor::kernels) struct Lengths {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    /// Numbers of one head.
    pub width: usize,
}

/// One head of one example.
#[derive(Clone, Copy)]
struct Head {
    example: usize,
    head: usize,
}

impl Lengths {
    /// Numbers of a token in the output.
    fn row(&self) -> usize {
        self.heads * self.width
    }

    fn scale(&self) -> f32 {
        (1.0 / (self.width as f64).sqrt()) as f32
    }

    /// Queries that are worked on at once.
    fn block(&self) -> usize {
        (SCORES / self.tokens.max(1)).clamp(16, 256) / 16 * 16
    }

    fn heads(&self) -> impl IndexedParallelIterator<Item = Head> {
        let heads = self.heads;
        let all = (0..self.batch * heads).into_par_iter();
        all.map(move |index| Head { example: index / heads, head: index % heads })
    }

    /// Where queries (0), keys (1) or values (2) of a head begin at a token.
    fn packed(&self, of: Head, part: usize, token: usize) -> usize {
        let row = self.row();
        (of.example * self.tokens + token) * 3 * row + part * row + of.head * self.width
    }

    fn matrix<'a>(
        &self,
        qkv: &'a [f32],
        of: Head,
        part: usize,
        from: usize,
        count: usize,
    ) -> Matrix<'a> {
        Matrix::new(&qkv[self.packed(of, part, from)..], count, self.width, 3 * self.row())
    }

    fn joined(&self, of: Head, token: usize) -> usize {
        (of.example * self.tokens + token) * self.row() + of.head * self.width
    }

    /// Blocks of queries: the first one, and how many.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> {
        let (tokens, block) = (self.tokens, self.block());
        (0..tokens).step_by(block).map(move |from| (from, block.min(tokens - from)))
    }

    /// The output `[batch, token, head · width]`, and for each head and query the logarithm of the sum of its powers,
    /// `[batch, head, token]`.
    pub(in crate::tensor::kernels) fn forward(&self, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let tokens = self.tokens;
        let mut output = fresh(self.batch * tokens * self.row());
        let mut levels = fresh(self.batch * self.heads * tokens);
        let shared = Shared::new(&mut output);
        let heads = self.heads().zip(levels.par_chunks_mut(tokens));
        heads.for_each_init(Vec::new, |scores: &mut Vec<f32>, (of, levels)| {
            for (from, count) in self.blocks() {
                scores.resize(count * tokens, 0.0);
                self.scores(qkv, of, from, count, scores);
                by_rounding!(weigh(tokens, scores, &mut levels[from..from + count]));
                let weights = Matrix::new(scores, count, tokens, tokens);
                let values = self.matrix(qkv, of, 2, 0, tokens);
                // SAFETY: the places of this head's queries, which no other thread writes.
                let target = unsafe { shared.rows(self.joined(of, from), self.row()) };
                target.set(false, 1.0, weights, values);
            }
        });
        (output, levels)
    }

    /// Scores of some queries with all keys.
    fn scores(&self, qkv: &[f32], of: Head, from: usize, count: usize, scores: &mut [f32]) {
        let queries = self.matrix(qkv, of, 0, from, count);
        let keys = self.matrix(qkv, of, 1, 0, self.tokens).transposed();
        let target = crate::tensor::kernels::product::Target::new(scores, self.tokens);
        target.set(false, self.scale(), queries, keys);
    }

    /// The gradient of `qkv`, of its shape, from that of the output.
    pub(in crate::tensor::kernels) fn gradient(
        &self,
        qkv: &[f32],
        levels: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        use crate::tensor::kernels::product::Target;
        let (tokens, row, width, scale) = (self.tokens, self.row(), self.width, self.scale());
        let mut made = fresh(qkv.len());
        let shared = Shared::new(&mut made);
        let heads = self.heads().zip(levels.par_chunks(tokens));
        heads.for_each_init(<[Vec<f32>; 2]>::default, |[weights, slopes], (of, levels)| {
            for (from, count) in self.blocks() {
                weights.resize(count * tokens, 0.0);
                slopes.resize(count * tokens, 0.0);
                self.scores(qkv, of, from, count, weights);
                let own = Matrix::new(&gradient[self.joined(of, from)..], count, width, row);
                let values = self.matrix(qkv, of, 2, 0, tokens);
                Target::new(slopes, tokens).set(false, 1.0, own, values.transposed());
                by_rounding!(slope(tokens, weights, slopes, &levels[from..]));
                let weights = Matrix::new(weights, count, tokens, tokens);
                let slopes = Matrix::new(slopes, count, tokens, tokens);
                let (queries, keys) =
                    (self.matrix(qkv, of, 0, from, count), self.matrix(qkv, of, 1, 0, tokens));
                // SAFETY: the places of this head, which no other thread writes.
                let target =
                    |part, token| unsafe { shared.rows(self.packed(of, part, token), 3 * row) };
                let add = from > 0;
                target(0, from).set(false, scale, slopes, keys);
                target(1, 0).set(add, scale, slopes.transposed(), queries);
                target(2, 0).set(add, 1.0, weights.transposed(), own);
            }
        });
        made
    }
}

/// e^x, or nothing where it is too little to count.
#[inline(always)]
fn counted<R: Rounding>(x: f32) -> f32 {
    unless(x < NOTHING, exp::<R>(x))
}

vectorised! {
    /// Scores become weights with the sum 1 in each row of `tokens`; `levels` are the logarithms of the sums of their
    /// powers.
    fn weigh<R: Rounding>(tokens: usize, scores: &mut [f32], levels: &mut [f32]) {
        for (row, level) in scores.chunks_mut(tokens).zip(levels) {
            let top = largest(row);
            for value in row.iter_mut() {
                *value = counted::<R>(*value - top);
            }
            let total = sum(row, |value| value);
            *level = top + total.ln();
            let share = 1.0 / total;
            for value in row.iter_mut() {
                *value *= share;
            }
        }
    }

    /// Scores become weights, and the gradients of the weights those of the scores.
    fn slope<R: Rounding>(tokens: usize, weights: &mut [f32], slopes: &mut [f32], levels: &[f32]) {
        let rows = weights.chunks_mut(tokens).zip(slopes.chunks_mut(tokens));
        for ((weights, slopes), level) in rows.zip(levels) {
            for value in weights.iter_mut() {
                *value = counted::<R>(*value - level);
            }
            let along = sum_of_two(weights, slopes, |weight, slope| weight * slope);
            for (slope, weight) in slopes.iter_mut().zip(weights.iter()) {
                *slope = weight * (*slope - along);
            }
        }
    }
}
