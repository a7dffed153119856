//! Two recordings of one forward pass, with inputs of different lengths: what differs between them depends on a length
//! that is free.

use crate::error::{Error, Kind, Result};
use crate::tensor::record::{Graph, Node, Op, Source, Value};
use crate::tensor::{DType, Tensor, words};
use std::collections::HashMap;

/// A length in both recordings; the same twice where it is fixed.
pub(super) type Length = [usize; 2];

/// Whether it is the same in both.
pub(super) fn is_fixed(length: Length) -> bool {
    length[0] == length[1]
}

/// The graph that two recordings have in common. Numbers of values and nodes are those of the first one.
pub(super) struct Pair {
    pub first: Graph,
    pub second: Graph,
    /// Values of the second one by those of the first one.
    others: HashMap<usize, usize>,
}

impl Pair {
    /// Both recordings put beside each other.
    ///
    /// # Errors
    /// Other operations, where the lengths decide what is done.
    pub fn of(first: Graph, second: Graph) -> Result<Self> {
        let mut others = HashMap::new();
        let differ = |what: String| {
            Error::new(Kind::Shape, "export", "the lengths of the input decide what is done")
                .received(what)
        };
        if first.nodes.len() != second.nodes.len() {
            let counts = format!("{} and {} operations", first.nodes.len(), second.nodes.len());
            return Err(differ(counts));
        }
        let inputs = |graph: &Graph| {
            let is_input = |value: &Value| matches!(value.source, Source::Input(_));
            (0..graph.values.len()).filter(|at| is_input(&graph.values[*at])).collect::<Vec<_>>()
        };
        others.extend(inputs(&first).into_iter().zip(inputs(&second)));
        for (one, other) in first.nodes.iter().zip(&second.nodes) {
            let same = match (&one.op, &other.op) {
                (Op::Slice(a), Op::Slice(b)) => a.len() == b.len(),
                (a, b) => a == b,
            };
            let arity =
                one.inputs.len() == other.inputs.len() && one.outputs.len() == other.outputs.len();
            if !same || !arity {
                let both = format!("'{}' and '{}'", one.op.name(), other.op.name());
                return Err(differ(both));
            }
            for (a, b) in one.inputs.iter().zip(&other.inputs) {
                let constants =
                    [&first.values[*a], &second.values[*b]].map(|value| match value.source {
                        Source::Constant(..) => true,
                        Source::Input(_) | Source::Made => false,
                    });
                let fits = match constants {
                    [true, true] => *others.entry(*a).or_insert(*b) == *b,
                    [false, false] => others.get(a) == Some(b),
                    _ => false,
                };
                if !fits {
                    return Err(differ(format!("other inputs of '{}'", one.op.name())));
                }
            }
            for (a, b) in one.outputs.iter().zip(&other.outputs) {
                let (own, theirs) = (&first.values[*a], &second.values[*b]);
                if own.shape.len() != theirs.shape.len() || own.dtype != theirs.dtype {
                    return Err(differ(format!("other dimensions of '{}'", one.op.name())));
                }
                others.insert(*a, *b);
            }
        }
        let ends = first.outputs.iter().zip(&second.outputs);
        if ends.clone().any(|(a, b)| others.get(a) != Some(b)) {
            return Err(differ("other outputs".to_string()));
        }
        Ok(Pair { first, second, others })
    }

    /// What the elements of a value are.
    pub fn dtype(&self, value: usize) -> DType {
        self.first.values[value].dtype
    }

    /// The lengths of a value in both recordings.
    pub fn shape(&self, value: usize) -> Vec<Length> {
        let other = self.others.get(&value).copied().unwrap_or_default();
        let (one, other) = (&self.first.values[value].shape, &self.second.values[other].shape);
        one.iter().zip(other).map(|(a, b)| [*a, *b]).collect()
    }

    /// The operation of the second recording.
    pub fn other(&self, index: usize) -> &Node {
        &self.second.nodes[index]
    }

    /// The two values of a constant of one whole number that differs: what the recipe made of a length.
    pub fn whole_number(&self, value: usize) -> Result<Option<Length>> {
        let both = [(&self.first, Some(&value)), (&self.second, self.others.get(&value))];
        let mut found = [0, 0];
        for (place, (graph, value)) in found.iter_mut().zip(both) {
            let source = value.and_then(|value| graph.values.get(*value)).map(|v| &v.source);
            let Some(Source::Constant(tensor, _)) = source else { return Ok(None) };
            // More than any length.
            const MOST: f64 = 1e7;
            match tensor.count() {
                1 if tensor.dtype() != DType::Bool => {
                    let number = tensor.item()?;
                    if !(1.0..MOST).contains(&number) || number.fract() != 0.0 {
                        return Ok(None);
                    }
                    *place = number as usize;
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(found).filter(|found| !is_fixed(*found)))
    }

    /// A constant and its name; where a free length stretches it, one slice of it.
    ///
    /// # Errors
    /// A constant whose numbers depend on a length.
    pub fn constant(&self, value: usize) -> Result<Option<(Tensor, Option<String>)>> {
        let Source::Constant(one, name) = &self.first.values[value].source else { return Ok(None) };
        let other = self.others.get(&value).and_then(|other| self.second.values.get(*other));
        let Some(Source::Constant(other, _)) = other.map(|other| &other.source) else {
            return Err(Error::new(Kind::Internal, "export", "a constant has no counterpart"));
        };
        let depends = || {
            let told = |tensor: &Tensor| match tensor.item() {
                Ok(number) => number.to_string(),
                Err(_) => words(&tensor.shape()),
            };
            Error::new(Kind::Shape, "export", "the numbers of a constant depend on a free length")
                .received(format!("{} and {}", told(one), told(other)))
        };
        let (mut one, mut other) = (one.clone(), other.clone());
        if one.rank() != other.rank() {
            return Err(depends());
        }
        let mut stretched = false;
        for axis in 0..one.rank() {
            if one.shape()[axis] == other.shape()[axis] {
                continue;
            }
            stretched = true;
            for tensor in [&mut one, &mut other] {
                let slice = tensor.narrow(axis as i64, 0, 1)?;
                if !same(&slice.expand(&tensor.shape())?, tensor)? {
                    return Err(depends());
                }
                *tensor = slice;
            }
        }
        if !same(&one, &other)? {
            return Err(depends());
        }
        Ok(Some((one, name.clone().filter(|_| !stretched))))
    }
}

/// Whether both hold the same numbers; two NaNs are the same.
fn same(one: &Tensor, other: &Tensor) -> Result<bool> {
    if one.shape() != other.shape() || one.dtype() != other.dtype() {
        return Ok(false);
    }
    Ok(match one.dtype() {
        DType::F32 => {
            let (a, b) = (one.to_values()?, other.to_values()?);
            a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits())
        }
        _ => one.to_integers()? == other.to_integers()?,
    })
}
