//! The forward pass that is going on in this thread: whose random numbers layers draw, whether gradients
//! are wanted, and which inner outputs somebody asked for.
//!
//! It is ambient because a recipe's own functions stand between a network and its layers: they hand on
//! tensors, and nothing else.

use super::Mode;
use crate::tensor::Tensor;
use crate::tensor::random::Stream;
use std::cell::RefCell;

#[derive(Clone, Debug, Default)]
struct Pass {
    seed: u64,
    indices: Vec<u64>,
    /// Streams drawn so far; each gets another one.
    draws: u64,
    mode: Option<Mode>,
    plain: bool,
    blank: bool,
    momentum: Option<f64>,
    tapped: Option<Tapped>,
}

/// Outputs that are gathered on the way.
#[derive(Clone, Debug, Default)]
struct Tapped {
    wanted: Vec<String>,
    /// Where the pass is: names of the networks that it is inside of, outermost first.
    scope: Vec<String>,
    found: Vec<(String, Tensor)>,
}

thread_local! {
    static PASS: RefCell<Pass> = RefCell::default();
}

fn with<T>(act: impl FnOnce(&mut Pass) -> T) -> T {
    PASS.with_borrow_mut(act)
}

/// Puts things back when it goes, also where something failed or panicked on the way.
struct Restore<F: FnMut()>(F);

impl<F: FnMut()> Drop for Restore<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Does `act` with random streams that are named by `seed` and `indices` (e.g. the step).
pub fn during<T>(seed: u64, indices: &[u64], act: impl FnOnce() -> T) -> T {
    let fresh = Pass { seed, indices: indices.to_vec(), ..Pass::default() };
    let mut before = Some(with(|pass| std::mem::replace(pass, fresh)));
    let _restore = Restore(move || {
        if let Some(before) = before.take() {
            with(|pass| *pass = before);
        }
    });
    act()
}

/// A stream of random numbers that no other draw of this pass gets.
pub fn draw(purpose: &str) -> Stream {
    with(|pass| {
        let mut indices = pass.indices.clone();
        indices.push(pass.draws);
        pass.draws += 1;
        Stream::new(pass.seed, purpose, &indices)
    })
}

/// The mode of the network that is going forward, where one is.
pub fn mode() -> Option<Mode> {
    with(|pass| pass.mode)
}

/// Does `act` as a part of a network that goes forward in `mode`.
pub fn in_mode<T>(mode: Mode, act: impl FnOnce() -> T) -> T {
    let before = with(|pass| pass.mode.replace(mode));
    let _restore = Restore(move || with(|pass| pass.mode = before));
    act()
}

/// Does `act` without gradients for any parameter.
pub fn without_gradients<T>(act: impl FnOnce() -> T) -> T {
    let before = with(|pass| std::mem::replace(&mut pass.plain, true));
    let _restore = Restore(move || with(|pass| pass.plain = before));
    act()
}

/// Does `act`, in which running statistics take so large a share of each batch, whatever their layers say.
pub fn with_momentum<T>(share: f64, act: impl FnOnce() -> T) -> T {
    let before = with(|pass| pass.momentum.replace(share));
    let _restore = Restore(move || with(|pass| pass.momentum = before));
    act()
}

/// The share of a batch in running statistics, where it is not what their layers say.
pub(super) fn momentum() -> Option<f64> {
    with(|pass| pass.momentum)
}

/// Whether parameters carry gradients just now.
pub fn has_gradients() -> bool {
    with(|pass| !pass.plain)
}

/// Does `act`, in which weights are not drawn but all 0: for the shapes and counts of a network that nobody trains.
pub fn without_weights<T>(act: impl FnOnce() -> T) -> T {
    let before = with(|pass| std::mem::replace(&mut pass.blank, true));
    let _restore = Restore(move || with(|pass| pass.blank = before));
    act()
}

/// Whether weights are drawn just now.
pub(super) fn draws_weights() -> bool {
    with(|pass| !pass.blank)
}

/// Does `act`, and gathers the outputs that are called by the `wanted` names on the way.
pub(super) fn tapping<T>(wanted: &[String], act: impl FnOnce() -> T) -> (T, Vec<(String, Tensor)>) {
    let fresh = Tapped { wanted: wanted.to_vec(), ..Tapped::default() };
    let mut before = Some(with(|pass| pass.tapped.replace(fresh)));
    let mut found = Vec::new();
    let outcome = {
        let _restore = Restore(|| {
            if let Some(before) = before.take() {
                let tapped = with(|pass| std::mem::replace(&mut pass.tapped, before));
                found = tapped.unwrap_or_default().found;
            }
        });
        act()
    };
    (outcome, found)
}

/// Does `act` inside of the network's part called `name`; its output, if `output` finds one in what it gives,
/// can be tapped.
pub fn inside<T, E>(
    name: &str,
    act: impl FnOnce() -> std::result::Result<T, E>,
    output: impl FnOnce(&T) -> Option<Tensor>,
) -> std::result::Result<T, E> {
    let tapping = with(|pass| match &mut pass.tapped {
        Some(tapped) => {
            tapped.scope.push(name.to_string());
            true
        }
        None => false,
    });
    if !tapping {
        return act();
    }
    let outcome = {
        let _restore = Restore(|| {
            with(|pass| pass.tapped.as_mut().and_then(|tapped| tapped.scope.pop()));
        });
        act()
    }?;
    with(|pass| {
        if let Some(tapped) = &mut pass.tapped {
            let full = tapped.scope.iter().map(String::as_str).chain([name]);
            let full = full.collect::<Vec<_>>().join(".");
            let fresh = tapped.found.iter().all(|(known, _)| *known != full);
            if fresh && tapped.wanted.contains(&full) {
                tapped.found.extend(output(&outcome).map(|tensor| (full, tensor)));
            }
        }
    });
    Ok(outcome)
}
