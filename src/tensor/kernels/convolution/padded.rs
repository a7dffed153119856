//! A plane with its zeros around it, and its columns apart by their place between two steps of the kernel: so every tap
//! sees whole vectors, whatever the stride.

use super::Geometry;
use super::patches::copy_row;
use pulp::Simd;

/// A plane with zeros around it: rows of `phases` parts of `room` floats.
pub(super) struct Padded {
    /// Zeros before the first row and column.
    before: [usize; 2],
    /// Steps of the kernel.
    stride: [usize; 2],
    /// Rows and columns of the places that the kernel stands at.
    pub places: [usize; 2],
    pub rows: usize,
    /// Floats of a part that hold something.
    used: usize,
    room: usize,
    /// Where each tap sees the first place.
    pub taps: Vec<usize>,
}

impl Padded {
    /// What a kernel moves over.
    pub(super) fn of<S: Simd>(shape: &Geometry) -> Self {
        let [kernel, stride, dilation] = [shape.kernel, shape.stride, shape.dilation];
        let places = shape.output;
        let farthest = (kernel[1] - 1) * dilation[1] / stride[1];
        let room = places[1].next_multiple_of(S::F32_LANES) + farthest;
        let rows = places[0].saturating_sub(1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1;
        let mut taps = Vec::with_capacity(kernel[0] * kernel[1]);
        for down in 0..kernel[0] {
            for right in 0..kernel[1] {
                let (row, shift) = (down * dilation[0], right * dilation[1]);
                taps.push((row * stride[1] + shift % stride[1]) * room + shift / stride[1]);
            }
        }
        let used = places[1] + farthest;
        Padded { before: shape.padding, stride, places, rows, used, room, taps }
    }

    pub(super) fn length(&self) -> usize {
        self.rows * self.stride[1] * self.room
    }

    /// Floats from one row of places to the next.
    pub(super) fn step(&self) -> usize {
        self.stride[0] * self.stride[1] * self.room
    }

    /// Vectors of a row of places.
    pub(super) fn vectors<S: Simd>(&self) -> usize {
        self.places[1].div_ceil(S::F32_LANES)
    }

    /// The columns of a plane's row that a part holds: the first of the part, how many, and the first of the row.
    fn seen(&self, phase: usize, width: usize) -> (usize, usize, usize) {
        let (pad, stride) = (self.before[1], self.stride[1]);
        let first = pad.saturating_sub(phase).div_ceil(stride).min(self.used);
        let end = (width + pad).saturating_sub(phase).div_ceil(stride).clamp(first, self.used);
        (first, end - first, (first * stride + phase).saturating_sub(pad))
    }

    /// Lays out a plane.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&self, plane: &[f32], size: [usize; 2], to: &mut Vec<f32>) {
        to.clear();
        to.resize(self.length(), 0.0);
        self.lay::<S>(plane, size, 0, to);
    }

    /// Floats of so many rows of places.
    pub(super) fn band(&self, places: usize) -> usize {
        let beyond = self.places[0].saturating_sub(1) * self.stride[0];
        (self.rows - beyond + places.saturating_sub(1) * self.stride[0])
            * self.stride[1]
            * self.room
    }

    /// Lays out rows of a plane from `first` on; `to` is 0.
    #[inline(always)]
    pub(super) fn lay<S: Simd>(
        &self,
        plane: &[f32],
        [height, width]: [usize; 2],
        first: usize,
        to: &mut [f32],
    ) {
        let stride = self.stride[1];
        for (row, to) in (first..).zip(to.chunks_exact_mut(stride * self.room)) {
            let line = row.checked_sub(self.before[0]).filter(|line| *line < height);
            let Some(line) = line else { continue };
            let line = &plane[line * width..][..width];
            for phase in 0..stride {
                let (first, count, from) = self.seen(phase, width);
                let to = &mut to[phase * self.room + first..][..count];
                match stride {
                    _ if count == 0 => {}
                    1 => copy_row::<S>(&line[from..from + count], to),
                    2 => {
                        let pairs = line[from..].as_chunks::<2>().0;
                        to.iter_mut().zip(pairs).for_each(|(to, pair)| *to = pair[0]);
                        // The last one may have no neighbour.
                        to[count - 1] = line[from + 2 * (count - 1)];
                    }
                    _ => {
                        let values = line[from..].iter().step_by(stride);
                        to.iter_mut().zip(values).for_each(|(to, value)| *to = *value);
                    }
                }
            }
        }
    }

    /// Adds what the parts hold to a plane.
    #[inline(always)]
    pub(super) fn add_to(&self, parts: &[f32], plane: &mut [f32], [height, width]: [usize; 2]) {
        let stride = self.stride[1];
        for row in 0..self.rows {
            let line = row.checked_sub(self.before[0]).filter(|line| *line < height);
            let Some(line) = line else { continue };
            let line = &mut plane[line * width..][..width];
            for phase in 0..stride {
                let (first, count, from) = self.seen(phase, width);
                let parts = &parts[(row * stride + phase) * self.room + first..][..count];
                if count > 0 {
                    let places = line[from..].iter_mut().step_by(stride);
                    places.zip(parts).for_each(|(to, value)| *to += value);
                }
            }
        }
    }
}
