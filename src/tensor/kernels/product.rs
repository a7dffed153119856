//! Products of matrices that lie somewhere in a slice.

use gemm::Parallelism;

/// A matrix within a slice: how long it is, and the distances between its rows and columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    steps: [usize; 2],
}

/// The place of the last element and one: how far a matrix reaches.
fn reach(rows: usize, columns: usize, steps: [usize; 2]) -> usize {
    let last = |length: usize, step: usize| length.saturating_sub(1) * step;
    last(rows, steps[0]) + last(columns, steps[1]) + 1
}

impl<'a> Matrix<'a> {
    /// Rows one after the other, `step` apart; the columns of a row lie side by side.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize, step: usize) -> Self {
        Matrix { values, rows, columns, steps: [step, 1] }
    }

    /// The same numbers with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        let Matrix { values, rows, columns, steps: [down, right] } = self;
        Matrix { values, rows: columns, columns: rows, steps: [right, down] }
    }
}

/// Where a product goes: rows `step` apart.
pub(super) struct Target {
    start: *mut f32,
    /// Numbers from `start` on that are there.
    room: usize,
    step: usize,
}

impl Target {
    /// The beginning of a slice, as rows `step` apart.
    pub(super) fn new(values: &mut [f32], step: usize) -> Self {
        Target { start: values.as_mut_ptr(), room: values.len(), step }
    }

    /// target = factor · left · right, or target += …; on the calling thread.
    pub(super) fn set(self, add: bool, factor: f32, left: Matrix, right: Matrix) {
        let (rows, columns, inner) = (left.rows, right.columns, left.columns);
        if rows == 0 || columns == 0 || inner == 0 {
            return;
        }
        assert!(inner == right.rows && reach(rows, columns, [self.step, 1]) <= self.room);
        for matrix in [&left, &right] {
            let end = reach(matrix.rows, matrix.columns, matrix.steps);
            assert!(end <= matrix.values.len());
        }
        let steps = |matrix: &Matrix| matrix.steps.map(|step| step as isize);
        let ([left_down, left_right], [right_down, right_right]) = (steps(&left), steps(&right));
        // SAFETY: the assertions above keep every access within its slice; whoever made the target borrowed it as
        // mutable, so it overlaps neither of the others.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                inner,
                self.start,
                1,
                self.step as isize,
                add,
                left.values.as_ptr(),
                left_right,
                left_down,
                right.values.as_ptr(),
                right_right,
                right_down,
                1.0,
                factor,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }
}

/// Numbers that several threads write, each its own places.
pub(super) struct Shared {
    start: *mut f32,
    room: usize,
}

// SAFETY: it only gives out targets, whose users keep to places of their own.
unsafe impl Sync for Shared {}

impl Shared {
    /// All of a slice.
    pub(super) fn new(values: &mut [f32]) -> Self {
        Shared { start: values.as_mut_ptr(), room: values.len() }
    }

    /// Rows `step` apart from the place `at` on.
    ///
    /// # Safety
    /// While the target lives, nobody else writes or reads the places that are written through it.
    pub(super) unsafe fn rows(&self, at: usize, step: usize) -> Target {
        assert!(at <= self.room);
        // SAFETY: within the slice, by the assertion.
        Target { start: unsafe { self.start.add(at) }, room: self.room - at, step }
    }
}
