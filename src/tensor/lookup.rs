//! Rows of a table by their numbers.

use super::kernels::linear::Rows;
use super::record::{Dispatch, Op, unseen, whole};
use super::{Tensor, check_size, words};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;

impl Tensor {
    /// The rows of this table `[row, width]` that `index` (i64, any shape) names: `[…index, width]`. A row's
    /// gradient is the sum over its places.
    pub fn embedding(&self, index: &Tensor) -> Result<Tensor> {
        let operation = "embedding";
        self.need_float(operation)?;
        self.need_rank(operation, "the table", 2)?;
        let numbers = unseen(|| index.to_integers()).map_err(|error| error.during(operation))?;
        let (own, shape) = (self.shape(), index.shape());
        let table = [own[0], own[1]];
        let place = |number: &i64| usize::try_from(*number).ok().filter(|row| *row < table[0]);
        let found: Option<Vec<usize>> = numbers.iter().map(place).collect();
        let Some(places) = found else {
            let wrong = numbers.iter().find(|number| place(number).is_none());
            return Err(Error::new(Kind::Range, operation, "an index is out of range")
                .expected(format!("0 to {} for a table {}", table[0] as i64 - 1, words(&own)))
                .received(wrong.map(i64::to_string).unwrap_or_default()));
        };
        let full = [shape.as_slice(), &[table[1]]].concat();
        check_size(operation, &full)?;
        let lengths: Vec<i64> = full.iter().map(|n| *n as i64).collect();
        whole(
            || Op::Gather(0),
            &[self, index],
            || {
                let map = Arc::new(Rows { table, places });
                let rows = Tensor(Dispatch::still_linear(self.0.clone(), map, false));
                rows.reshape(&lengths)
            },
        )
    }
}
