//! Einstein sums: `"bhid,bhjd->bhij"`.

use super::{Tensor, words};
use crate::error::{Error, Kind, Result};

/// Labels of the dimensions that `...` stands for, counted from the last one.
const REST: [char; 8] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇'];

/// A tensor with a label for each dimension.
struct Labelled {
    tensor: Tensor,
    labels: Vec<char>,
}

impl Tensor {
    /// The sum over all labels that the result does not have, of the product of all tensors. Without `->`
    /// the result has the labels that stand once, in the order of the alphabet.
    ///
    /// # Errors
    /// A text that is no such sum, tensors that do not fit it.
    pub fn einsum(text: &str, tensors: &[Tensor]) -> Result<Tensor> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (inputs, output) = match plain.split_once("->") {
            Some((inputs, output)) => (inputs, Some(output)),
            None => (plain.as_str(), None),
        };
        let inputs: Vec<&str> = inputs.split(',').collect();
        if inputs.len() != tensors.len() {
            return Err(wrong(text, "the number of tensors differs")
                .expected(format!("{} tensors", inputs.len()))
                .received(tensors.len().to_string()));
        }
        let mut operands = Vec::new();
        for (labels, tensor) in inputs.iter().zip(tensors) {
            operands.push(Labelled::new(text, labels, tensor)?);
        }
        let wanted = match output {
            Some(output) => output_labels(text, output, &operands)?,
            None => standing_once(text, &inputs, tensors)?,
        };
        check_lengths(text, &operands)?;
        let mut rest = operands.into_iter();
        let Some(mut product) = rest.next() else {
            return Err(wrong(text, "there is nothing to sum"));
        };
        let mut later: Vec<Labelled> = rest.collect();
        while !later.is_empty() {
            let next = later.remove(0);
            let needed = |label: char| {
                wanted.contains(&label) || later.iter().any(|other| other.labels.contains(&label))
            };
            product = product.times(next, needed)?;
        }
        product.summed(|label| wanted.contains(&label))?.ordered(&wanted)
    }
}

fn wrong(text: &str, problem: &str) -> Error {
    Error::new(Kind::Shape, format!("einsum \"{text}\""), problem)
}

/// The labels of one term; `...` becomes as many labels as `rest` dimensions are left.
fn labels_of(text: &str, term: &str, rank: Option<usize>) -> Result<Vec<char>> {
    let (before, after, open) = match term.split_once("...") {
        Some((before, after)) => (before, after, true),
        None => (term, "", false),
    };
    if let Some(strange) = before.chars().chain(after.chars()).find(|c| !c.is_ascii_alphabetic()) {
        return Err(wrong(text, "a label is no letter").received(format!("'{strange}'")));
    }
    let named = before.len() + after.len();
    let rest = match (open, rank) {
        (false, _) => 0,
        (true, Some(rank)) => rank.saturating_sub(named),
        (true, None) => REST.len(),
    };
    let filled = REST[..rest.min(REST.len())].iter().rev().copied();
    Ok(before.chars().chain(filled).chain(after.chars()).collect())
}

fn output_labels(text: &str, output: &str, operands: &[Labelled]) -> Result<Vec<char>> {
    let known = |label: &char| operands.iter().any(|operand| operand.labels.contains(label));
    let mut labels = labels_of(text, output, None)?;
    // `...` stands for what the inputs have of it.
    labels.retain(|label| !REST.contains(label) || known(label));
    for (index, label) in labels.iter().enumerate() {
        if !known(label) {
            return Err(wrong(text, "the result has a label that no tensor has")
                .received(format!("'{label}'")));
        }
        if labels[..index].contains(label) {
            return Err(wrong(text, "the result has a label twice").received(format!("'{label}'")));
        }
    }
    Ok(labels)
}

fn standing_once(text: &str, terms: &[&str], tensors: &[Tensor]) -> Result<Vec<char>> {
    let mut all: Vec<char> = Vec::new();
    for (term, tensor) in terms.iter().zip(tensors) {
        all.extend(labels_of(text, term, Some(tensor.rank()))?);
    }
    let rest = REST.iter().rev().copied().filter(|label| all.contains(label));
    let mut once: Vec<char> = all
        .iter()
        .copied()
        .filter(|label| !REST.contains(label))
        .filter(|label| all.iter().filter(|other| *other == label).count() == 1)
        .collect();
    once.sort_unstable();
    Ok(rest.chain(once).collect())
}

/// Each label means one length everywhere, or 1, which is stretched.
fn check_lengths(text: &str, operands: &[Labelled]) -> Result<()> {
    let mut known: Vec<(char, usize)> = Vec::new();
    for operand in operands {
        for (label, length) in operand.labels.iter().zip(operand.tensor.shape()) {
            match known.iter_mut().find(|(other, _)| other == label) {
                None => known.push((*label, length)),
                Some((_, other)) if *other == length => {}
                Some((_, other)) if *other == 1 || length == 1 => {
                    *other = length.max(*other);
                }
                Some((_, other)) => {
                    return Err(wrong(text, "a label means two lengths")
                        .expected(format!("'{label}' of length {other} everywhere"))
                        .received(length.to_string()));
                }
            }
        }
    }
    Ok(())
}

impl Labelled {
    fn new(text: &str, term: &str, tensor: &Tensor) -> Result<Self> {
        let labels = labels_of(text, term, Some(tensor.rank()))?;
        // A scalar is [1] here, and has no label.
        let scalar = labels.is_empty() && tensor.count() == 1;
        if labels.len() != tensor.rank() && !scalar {
            return Err(wrong(text, "a tensor has another number of dimensions")
                .expected(format!("{} dimensions for '{term}'", labels.len()))
                .received(words(&tensor.shape())));
        }
        let tensor = if scalar { tensor.reshape(&[1])? } else { tensor.clone() };
        let mut made = Labelled { tensor, labels };
        while let Some((first, second)) = made.repeated() {
            made = made.diagonal(text, first, second)?;
        }
        Ok(made)
    }

    fn repeated(&self) -> Option<(usize, usize)> {
        let pairs = self.labels.iter().enumerate();
        pairs.into_iter().find_map(|(second, label)| {
            let first = self.labels[..second].iter().position(|other| other == label)?;
            Some((first, second))
        })
    }

    /// The diagonal of two dimensions with one label, which becomes the last dimension.
    fn diagonal(self, text: &str, first: usize, second: usize) -> Result<Self> {
        let shape = self.tensor.shape();
        let length = shape[first];
        if shape[second] != length {
            return Err(wrong(text, "a label means two lengths")
                .received(format!("{length} and {}", shape[second])));
        }
        let label = self.labels[first];
        let others = (0..shape.len()).filter(|axis| *axis != first && *axis != second);
        let order: Vec<usize> = others.chain([first, second]).collect();
        let mut labels: Vec<char> = order.iter().map(|axis| self.labels[*axis]).collect();
        labels.truncate(shape.len() - 2);
        let moved =
            self.tensor.permute(&order.iter().map(|axis| *axis as i64).collect::<Vec<_>>())?;
        let mut flat: Vec<i64> = order.iter().map(|axis| shape[*axis] as i64).collect();
        flat.truncate(shape.len() - 2);
        flat.push((length * length) as i64);
        let places: Vec<i64> = (0..length).map(|at| (at * (length + 1)) as i64).collect();
        let places = Tensor::from_integers(places, &[length], &super::Device::default())?;
        labels.push(label);
        Ok(Labelled { tensor: moved.reshape(&flat)?.index_select(-1, &places)?, labels })
    }

    /// Without the labels that are not needed.
    fn summed(self, needed: impl Fn(char) -> bool) -> Result<Self> {
        let axes: Vec<i64> = (0..self.labels.len() as i64)
            .filter(|axis| !needed(self.labels[*axis as usize]))
            .collect();
        if axes.is_empty() {
            return Ok(self);
        }
        let labels = self.labels.into_iter().filter(|label| needed(*label)).collect();
        Ok(Labelled { tensor: self.tensor.sum_dims(&axes, false)?, labels })
    }

    /// The dimensions in the order of `wanted`, all of which it has.
    fn ordered(self, wanted: &[char]) -> Result<Tensor> {
        if wanted.is_empty() {
            return self.tensor.reshape(&[1]);
        }
        let place = |label: &char| self.labels.iter().position(|own| own == label).unwrap_or(0);
        let order: Vec<i64> = wanted.iter().map(|label| place(label) as i64).collect();
        self.tensor.permute(&order)
    }

    /// The product with `other`, summed over what is not needed any more: one batched matrix product.
    fn times(self, other: Labelled, needed: impl Fn(char) -> bool) -> Result<Self> {
        let (left, right) = {
            let (mine, theirs) = (self.labels.clone(), other.labels.clone());
            let left = self.summed(|label| needed(label) || theirs.contains(&label))?;
            (left, other.summed(|label| needed(label) || mine.contains(&label))?)
        };
        let shared = |label: &char| right.labels.contains(label);
        let batch: Vec<char> =
            left.labels.iter().copied().filter(|l| shared(l) && needed(*l)).collect();
        let inner: Vec<char> =
            left.labels.iter().copied().filter(|l| shared(l) && !needed(*l)).collect();
        let rows: Vec<char> = left.labels.iter().copied().filter(|l| !shared(l)).collect();
        let columns: Vec<char> =
            right.labels.iter().copied().filter(|l| !left.labels.contains(l)).collect();
        // Lengths of 1 are stretched to the other side's.
        let lengths = |labels: &[char]| -> Vec<usize> {
            labels.iter().map(|label| left.length(*label).max(right.length(*label))).collect()
        };
        let a = left.matrix(&batch, &rows, &inner, &lengths)?;
        let b = right.matrix(&batch, &inner, &columns, &lengths)?;
        let product = a.matmul(&b)?;
        let labels: Vec<char> = [batch, rows, columns].concat();
        let shape: Vec<i64> = lengths(&labels).iter().map(|n| *n as i64).collect();
        let shape = if shape.is_empty() { vec![1] } else { shape };
        Ok(Labelled { tensor: product.reshape(&shape)?, labels })
    }

    fn length(&self, label: char) -> usize {
        let at = self.labels.iter().position(|own| *own == label);
        at.and_then(|at| self.tensor.shape().get(at).copied()).unwrap_or(0)
    }

    /// `[batch, rows, columns]`, each of several labels flattened into one.
    fn matrix(
        &self,
        batch: &[char],
        rows: &[char],
        columns: &[char],
        lengths: &impl Fn(&[char]) -> Vec<usize>,
    ) -> Result<Tensor> {
        let all: Vec<char> = [batch, rows, columns].concat();
        let ordered = Labelled { tensor: self.tensor.clone(), labels: self.labels.clone() };
        let ordered = ordered.ordered(&all)?;
        let full = lengths(&all);
        let ordered = if full.is_empty() { ordered } else { ordered.expand(&full)? };
        let flat = |labels: &[char]| lengths(labels).iter().product::<usize>() as i64;
        ordered.reshape(&[flat(batch), flat(rows), flat(columns)])
    }
}
