//! Leaves, the backward pass, and the gradients of chosen tensors.

use super::tensors_of;
use crate::error::{Error, Kind, Result};
use crate::nn::{gradient_of, pass};
use crate::script::raise::{Raw, detached, raw};
use crate::script::register::functions;
use crate::tensor::{Device, Gradients, Tensor};
use rhai::{Array, Dynamic, FnPtr, FuncRegistration, Map, Module, NativeCallContext};
use std::sync::{Arc, Mutex, PoisonError};

/// The gradients of one backward pass, as a script holds them.
#[derive(Clone)]
pub struct GradientsHandle(Arc<Mutex<Gradients>>);

impl GradientsHandle {
    /// Does something with the gradients.
    pub fn with<T>(&self, act: impl FnOnce(&Gradients) -> T) -> T {
        act(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(&self, leaf: &Tensor) -> Result<Tensor> {
        if !leaf.is_leaf() {
            return Err(Error::new(Kind::Type, "grad", "only a leaf has a gradient of its own")
                .expected("what .requires_grad() gave")
                .received(leaf.describe())
                .hint("keep the leaf: let w = tensor(…).requires_grad()"));
        }
        match self.with(|gradients| gradient_of(gradients, leaf)) {
            Some(gradient) => Ok(gradient),
            None => Tensor::full(&leaf.shape(), 0.0, &Device::default()),
        }
    }
}

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// The same numbers as a new leaf (f32): a backward pass gives its gradient.
        ///
        /// ```rhai
        /// let w = tensor([2.0, 3.0]).requires_grad();
        /// grad((w * w).sum(), w).to_array() == [4.0, 6.0]
        /// ```
        fn "requires_grad"(tensor: Tensor) -> Tensor { tensor.tracked() }

        /// The same numbers outside of any graph: no gradient flows through.
        ///
        /// ```rhai
        /// tensor([1, 2]).requires_grad().detach().tracked == false
        /// ```
        fn "detach"(tensor: Tensor) -> Tensor { tensor.detached() }

        /// Runs the backward pass from one number; `of(leaf)` then gives a leaf's gradient.
        ///
        /// Errors: more than one number, or no leaf took part in it.
        ///
        /// ```rhai
        /// let w = tensor([2.0]).requires_grad();
        /// let gradients = (w * 5).sum().backward();
        /// gradients.of(w).item() == 5.0
        /// ```
        fn "backward"(loss: Tensor) -> GradientsHandle { backward(&loss) }

        /// The gradient of a leaf; zeros where it took no part.
        ///
        /// ```rhai
        /// let w = tensor([2.0]).requires_grad();
        /// w.sum().backward().of(w).item() == 1.0
        /// ```
        fn "of"(gradients: GradientsHandle, leaf: Tensor) -> Tensor { gradients.of(&leaf) }

        /// The gradient of one number with respect to a leaf; zeros where it took no part.
        ///
        /// ```rhai
        /// let w = tensor([3.0]).requires_grad();
        /// grad(w ** 2, w).item() == 6.0
        /// ```
        fn "grad"(loss: Tensor, leaf: Tensor) -> Tensor { backward(&loss)?.of(&leaf) }

        /// As `grad(loss, leaf)`, for an array of leaves: an array of gradients.
        ///
        /// ```rhai
        /// let a = tensor([2.0]).requires_grad();
        /// let b = tensor([5.0]).requires_grad();
        /// grad(a * b, [a, b])[0].item() == 5.0
        /// ```
        fn "grad"(loss: Tensor, leaves: Array) -> Array {
            let leaves = tensors_of("grad", &leaves)?;
            let gradients = backward(&loss)?;
            leaves.iter().map(|leaf| gradients.of(leaf).map(Dynamic::from)).collect()
        }

        /// As `grad(loss, leaf)`; refuses `create_graph`, since there are no second derivatives.
        ///
        /// ```rhai
        /// let w = tensor([3.0]).requires_grad();
        /// assert_throws(|| grad(w ** 2, w, #{ create_graph: true }), "no second derivatives");
        /// true
        /// ```
        fn "grad"(_loss: Tensor, _leaves: Dynamic, options: Map) -> Tensor {
            let given = options.keys().next().map_or("", |key| key.as_str());
            Err(Error::new(Kind::Name, "grad", format!("there is no option '{given}'"))
                .hint("gradients are plain numbers here: there are no second derivatives"))
        }
    }
    FuncRegistration::new("no_grad")
        .in_global_namespace()
        .with_comments([
            "/// What a function gives, computed outside of any graph: no gradient flows through it.",
            "///",
            "/// ```rhai",
            "/// let w = tensor([2.0]).requires_grad();",
            "/// no_grad(|| w * 3).tracked == false",
            "/// ```",
        ])
        .with_params_info(["function: Fn", "?"])
        .set_into_module(module, |call: NativeCallContext, function: FnPtr| -> Raw<Dynamic> {
            let run = || function.call_within_context::<Dynamic>(&call, ());
            raw(detached(&pass::without_gradients(run)?))
        });
}

fn backward(loss: &Tensor) -> Result<GradientsHandle> {
    Ok(GradientsHandle(Arc::new(Mutex::new(loss.backward()?))))
}
