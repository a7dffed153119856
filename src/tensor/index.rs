//! Elements by their places.

use super::record::{Dispatch, unseen};
use super::{DType, Device, Tensor, shape, words};
use crate::error::{Error, Kind, Result};
use burn::tensor::IndexingUpdateOp;

impl Tensor {
    /// The slices along `dim` that `places` `[n]` names, in that order.
    pub fn index_select(&self, dim: i64, places: &Tensor) -> Result<Tensor> {
        if self.dtype() == DType::Bool {
            return self.to(DType::I64)?.index_select(dim, places)?.to(DType::Bool);
        }
        let own = self.shape();
        let axis = shape::dim_of("index_select", dim, own.len())?;
        places.need_rank("index_select", "the index", 1)?;
        let places = places.places("index_select", own[axis])?;
        let mut full = own;
        full[axis] = places.count();
        super::check_size("index_select", &full)?;
        if full.contains(&0) {
            return Tensor::none(self.dtype(), &full, &[self]);
        }
        Ok(Tensor(match self.dtype() {
            DType::F32 => Dispatch::float_select(self.0.clone(), axis, places.0),
            _ => Dispatch::int_select(self.0.clone(), axis, places.0),
        }))
    }

    /// Along `dim`, the element that `places` names at each place; `places` has the result's shape, and
    /// no other dimension of it may be longer than the tensor's.
    pub fn gather(&self, dim: i64, places: &Tensor) -> Result<Tensor> {
        if self.dtype() == DType::Bool {
            // Burn's own takes bools for integers.
            return self.to(DType::I64)?.gather(dim, places)?.to(DType::Bool);
        }
        let axis = self.check_beside("gather", dim, places)?;
        let places = places.places("gather", self.shape()[axis])?;
        if places.count() == 0 {
            return Tensor::none(self.dtype(), &places.shape(), &[self]);
        }
        // Burn wants all other lengths equal.
        let own = self.cut_to(&places.shape(), axis)?;
        Ok(Tensor(match own.dtype() {
            DType::F32 => Dispatch::float_gather(axis, own.0, places.0),
            _ => Dispatch::int_gather(axis, own.0, places.0),
        }))
    }

    /// Adds each element of `source` to the one that `places` names along `dim`.
    pub fn scatter_add(&self, dim: i64, places: &Tensor, source: &Tensor) -> Result<Tensor> {
        let axis = self.check_beside("scatter_add", dim, places)?;
        let own = self.shape();
        let places = places.places("scatter_add", own[axis])?;
        if source.shape() != places.shape() {
            return Err(Error::new(Kind::Shape, "scatter_add", "source and index differ")
                .expected(format!("source {}, as the index", words(&places.shape())))
                .received(words(&source.shape())));
        }
        let dtype = self.dtype().max(source.dtype()).max(DType::I64);
        let base = self.to(dtype)?;
        if places.count() == 0 {
            return Ok(base);
        }
        // Burn wants all other lengths equal: what the index does not reach gets zeros added.
        let mut wide = own.clone();
        wide[axis] = places.shape()[axis];
        let places = places.padded_to(&wide)?;
        let source = source.to(dtype)?.padded_to(&wide)?;
        let add = IndexingUpdateOp::Add;
        Ok(Tensor(match dtype {
            DType::F32 => Dispatch::float_scatter(axis, base.0, places.0, source.0, add),
            _ => Dispatch::int_scatter(axis, base.0, places.0, source.0, add),
        }))
    }

    /// Puts each element of `source` to where `places` names along `dim`.
    ///
    /// # Errors
    /// Two elements for one place: which of them would win is not defined.
    pub fn scatter(&self, dim: i64, places: &Tensor, source: &Tensor) -> Result<Tensor> {
        let ones =
            Tensor::empty(DType::I64, &source.shape())?.add(&Tensor::scalar(DType::I64, 1.0)?)?;
        let none = Tensor::empty(DType::I64, &self.shape())?;
        let hits = none.scatter_add(dim, places, &ones).map_err(|error| error.during("scatter"))?;
        if unseen(|| hits.to_integers())?.iter().any(|count| *count > 1) {
            return Err(Error::new(Kind::Range, "scatter", "two elements go to one place")
                .hint("scatter_add adds them up"));
        }
        let hit = hits.to(DType::Bool)?;
        let (left, own) = (self.masked_fill(&hit, 0.0)?, self.dtype().max(source.dtype()));
        left.scatter_add(dim, places, source)?.to(own)
    }

    /// The elements where the mask (of the same shape) is true, in row-major order.
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        mask.need_bools("masked_select", "the mask")?;
        let full = shape::broadcast("masked_select", &self.shape(), &mask.shape())?;
        let count = full.iter().product::<usize>() as i64;
        let flags = mask.expand(&full)?.to_integers()?;
        let flat = self.expand(&full)?.reshape(&[count])?;
        flat.index_select(0, &true_places(&flags)?)
    }

    /// What stands at `place` of the first dimension, which vanishes; negative places count from the end.
    pub fn at(&self, place: i64) -> Result<Tensor> {
        let own = self.shape();
        let length = own.first().copied().unwrap_or(0) as i64;
        let counted = if place < 0 { place.saturating_add(length) } else { place };
        if !(0..length).contains(&counted) {
            return Err(Error::new(Kind::Range, "index", "there is no such place")
                .expected(format!("{} to {} for {}", -length, length - 1, words(&own)))
                .received(place.to_string()));
        }
        let one = self.narrow(0, counted as usize, 1)?;
        if own.len() == 1 { Ok(one) } else { one.squeeze(&[0]) }
    }

    /// The places from `start` up to `end` without it of the first dimension; negative ones count from the
    /// end, and what lies outside is left out, as in Python.
    pub fn range(&self, start: i64, end: i64) -> Result<Tensor> {
        let length = self.shape().first().copied().unwrap_or(0) as i64;
        let within = |at: i64| {
            let counted = if at < 0 { at.saturating_add(length) } else { at };
            counted.clamp(0, length)
        };
        let (start, end) = (within(start), within(end));
        self.narrow(0, start as usize, (end - start).max(0) as usize)
    }

    /// What an index tensor names of the first dimension: integers by place, bools by being true. A mask of
    /// as many dimensions picks single elements.
    pub fn picked(&self, index: &Tensor) -> Result<Tensor> {
        if index.dtype() == DType::Bool {
            let own = self.shape();
            let Some(rest) = own.strip_prefix(index.shape().as_slice()) else {
                return Err(Error::new(Kind::Shape, "index", "the mask does not fit the tensor")
                    .expected(format!("{}, or its first lengths", words(&own)))
                    .received(words(&index.shape())));
            };
            let places = true_places(&index.to_integers()?)?;
            let flat = std::iter::once(index.count()).chain(rest.iter().copied());
            let flat = self.reshape(&flat.map(|n| n as i64).collect::<Vec<_>>())?;
            return flat.index_select(0, &places);
        }
        index.need_integers("index", "the index")?;
        let (shape, length) = (index.shape(), self.shape().first().copied().unwrap_or(0));
        let flat = self.index_select(0, &index.counted(length)?)?;
        let rest = self.shape().into_iter().skip(1);
        let full: Vec<i64> = shape.into_iter().chain(rest).map(|n| n as i64).collect();
        flat.reshape(&full)
    }

    /// A row of `classes` for each integer, 1 at its place and 0 elsewhere, as floats.
    pub fn one_hot(&self, classes: usize) -> Result<Tensor> {
        self.need_integers("one_hot", "the tensor")?;
        let wrong =
            unseen(|| self.to_integers())?.into_iter().find(|n| !(0..classes as i64).contains(n));
        if let Some(wrong) = wrong {
            return Err(Error::new(Kind::Range, "one_hot", "there is no such class")
                .expected(format!("0 to {}", classes as i64 - 1))
                .received(wrong.to_string()));
        }
        let all = Tensor::arange(0, classes as i64, 1, &Device::default())?;
        self.unsqueeze(-1)?.equal(&all)?.float()
    }

    /// Integers that name places of a dimension of `length`.
    fn places(&self, operation: &str, length: usize) -> Result<Tensor> {
        self.need_integers(operation, "the index")?;
        // A graph's inputs are what they are: what is out of range is told by whoever runs it.
        unseen(|| self.within(operation, 0, length as i64))?;
        Ok(self.clone())
    }

    /// Refuses integers outside of `low..high`.
    fn within(&self, operation: &str, low: i64, high: i64) -> Result<Vec<i64>> {
        let values = self.to_integers()?;
        match values.iter().find(|place| !(low..high).contains(place)) {
            None => Ok(values),
            Some(wrong) => Err(Error::new(Kind::Range, operation, "the index leaves the tensor")
                .expected(format!("{low} to {}", high - 1))
                .received(wrong.to_string())),
        }
    }

    /// The same places, the negative ones counted from the end.
    fn counted(&self, length: usize) -> Result<Tensor> {
        let length = length as i64;
        let values = self.within("index", -length, length)?.into_iter();
        let counted = values.map(|place| if place < 0 { place + length } else { place }).collect();
        Tensor::from_integers(counted, &[self.count()], &Device::default())
    }

    /// Refuses an index that has another rank, or is longer beside `dim`.
    fn check_beside(&self, operation: &str, dim: i64, places: &Tensor) -> Result<usize> {
        let (own, given) = (self.shape(), places.shape());
        let axis = shape::dim_of(operation, dim, own.len())?;
        let fits = own.len() == given.len()
            && own.iter().zip(&given).enumerate().all(|(i, (a, b))| i == axis || b <= a);
        if fits {
            return Ok(axis);
        }
        Err(Error::new(Kind::Shape, operation, "the index does not fit the tensor")
            .expected(format!("as many dimensions, and none longer but dimension {axis}"))
            .received(format!("index {} for {}", words(&given), words(&own))))
    }

    fn cut_to(&self, shape: &[usize], axis: usize) -> Result<Tensor> {
        let mut cut = self.clone();
        for (dim, length) in shape.iter().enumerate().filter(|(dim, _)| *dim != axis) {
            if cut.shape()[dim] != *length {
                cut = cut.narrow(dim as i64, 0, *length)?;
            }
        }
        Ok(cut)
    }

    fn padded_to(&self, shape: &[usize]) -> Result<Tensor> {
        let mut padded = self.clone();
        for (dim, length) in shape.iter().enumerate() {
            let mut rest = padded.shape();
            if rest[dim] < *length {
                rest[dim] = length - rest[dim];
                let zeros = Tensor::empty(self.dtype(), &rest)?;
                padded = Tensor::cat(&[padded, zeros], dim as i64)?;
            }
        }
        Ok(padded)
    }
}

fn true_places(flags: &[i64]) -> Result<Tensor> {
    let places = flags.iter().enumerate().filter(|(_, flag)| **flag != 0);
    let places: Vec<i64> = places.map(|(place, _)| place as i64).collect();
    let count = places.len();
    Tensor::from_integers(places, &[count], &Device::default())
}
