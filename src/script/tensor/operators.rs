//! `+ - * / % ** @`, comparisons, `! & |`: between tensors, and with numbers on either side.

use crate::error::Result;
use crate::script::raise::raw;
use crate::script::register::property;
use crate::tensor::{DType, Device, Tensor};
use rhai::{Engine, FLOAT, FuncRegistration, INT, Module};

type Binary = fn(&Tensor, &Tensor) -> Result<Tensor>;
type WithNumber = fn(&Tensor, f64) -> Result<Tensor>;

/// How tightly `@` binds: as `*`.
const PRODUCT: u8 = 180;

/// Each with what it does, and an example.
const ALL: [(&str, Binary, Option<WithNumber>, [&str; 2]); 12] = [
    (
        "+",
        Tensor::add,
        Some(Tensor::add_number),
        [
            "The sums of both. Lengths of 1, and dimensions that one of them lacks, are broadcast.",
            "(tensor([[1], [2]]) + tensor([10, 20])).to_array() == [[11, 21], [12, 22]]",
        ],
    ),
    (
        "-",
        Tensor::sub,
        Some(Tensor::sub_number),
        ["The differences of both.", "(1 - tensor([0.25, 0.5])).to_array() == [0.75, 0.5]"],
    ),
    (
        "*",
        Tensor::mul,
        Some(Tensor::mul_number),
        [
            "The products of both, element by element; `@` multiplies matrices.",
            "(2 * tensor([1.5, 2.0])).to_array() == [3.0, 4.0]",
        ],
    ),
    (
        "/",
        Tensor::div,
        Some(Tensor::div_number),
        ["The quotients of both; always floats.", "(tensor([1, 3]) / 2).to_array() == [0.5, 1.5]"],
    ),
    (
        "%",
        Tensor::remainder,
        None,
        [
            "What a division leaves, with the sign of the divisor.",
            "(tensor([5, -5]) % 3).to_array() == [2, 1]",
        ],
    ),
    (
        "**",
        Tensor::pow,
        Some(Tensor::pow_number),
        ["Each element to a power.", "(tensor([2, 3]) ** 2).to_array() == [4.0, 9.0]"],
    ),
    (
        "==",
        Tensor::equal,
        None,
        ["Where both are equal: bools.", "(tensor([1, 2]) == 2).to_array() == [false, true]"],
    ),
    (
        "!=",
        Tensor::not_equal,
        None,
        ["Where both differ: bools.", "(tensor([1, 2]) != 2).to_array() == [true, false]"],
    ),
    (
        "<",
        Tensor::lower,
        None,
        ["Where the first is smaller: bools.", "(tensor([1, 2]) < 2).to_array() == [true, false]"],
    ),
    (
        "<=",
        Tensor::lower_equal,
        None,
        [
            "Where the first is smaller or equal: bools.",
            "(tensor([1, 2, 3]) <= 2).to_array() == [true, true, false]",
        ],
    ),
    (
        ">",
        Tensor::greater,
        None,
        ["Where the first is larger: bools.", "(tensor([1, 2]) > 1).to_array() == [false, true]"],
    ),
    (
        ">=",
        Tensor::greater_equal,
        None,
        [
            "Where the first is larger or equal: bools.",
            "(tensor([1, 2, 3]) >= 2).to_array() == [false, true, true]",
        ],
    ),
];

const BOTH: [&str; 3] = ["a: Tensor", "b: Tensor", "Tensor"];

fn documented(symbol: &str, doc: [&str; 2]) -> FuncRegistration {
    FuncRegistration::new(symbol).in_global_namespace().with_comments(property(doc))
}

pub(super) fn bind(engine: &mut Engine) {
    let mut module = Module::new();
    for (symbol, binary, with_number, doc) in ALL {
        let float = |number: FLOAT| Tensor::scalar(DType::F32, number);
        let integer = |number: INT| Tensor::from_integers(vec![number], &[1], &Device::default());
        documented(symbol, doc)
            .with_params_info(BOTH)
            .set_into_module(&mut module, move |a: Tensor, b: Tensor| raw(binary(&a, &b)));
        engine.register_fn(symbol, move |a: Tensor, b: FLOAT| {
            raw(match with_number {
                Some(apply) => apply(&a, b),
                None => float(b).and_then(|b| binary(&a, &b)),
            })
        });
        engine.register_fn(symbol, move |a: Tensor, b: INT| {
            raw(match with_number {
                Some(apply) if a.is_float() => apply(&a, b as FLOAT),
                _ => integer(b).and_then(|b| binary(&a, &b)),
            })
        });
        engine.register_fn(symbol, move |a: FLOAT, b: Tensor| {
            raw(float(a).and_then(|a| binary(&a, &b)))
        });
        engine.register_fn(symbol, move |a: INT, b: Tensor| {
            raw(integer(a).and_then(|a| binary(&a, &b)))
        });
    }
    let flag = |flag: bool| Tensor::from_bools(vec![flag], &[1], &Device::default());
    engine.register_fn("==", move |a: Tensor, b: bool| raw(flag(b).and_then(|b| a.equal(&b))));
    engine.register_fn("==", move |a: bool, b: Tensor| raw(flag(a).and_then(|a| a.equal(&b))));
    engine.register_fn("!=", move |a: Tensor, b: bool| raw(flag(b).and_then(|b| a.not_equal(&b))));
    engine.register_fn("!=", move |a: bool, b: Tensor| raw(flag(a).and_then(|a| a.not_equal(&b))));
    let one = ["a: Tensor", "Tensor"];
    documented("-", ["The same with the other sign.", "(-tensor([1, -2])).to_array() == [-1, 2]"])
        .with_params_info(one)
        .set_into_module(&mut module, |a: Tensor| raw(a.neg()));
    documented(
        "!",
        ["True where a bool is false.", "(!tensor([true, false])).to_array() == [false, true]"],
    )
    .with_params_info(one)
    .set_into_module(&mut module, |a: Tensor| raw(a.not()));
    let both = "(tensor([true, false]) & tensor([true, true])).to_array() == [true, false]";
    documented("&", ["Where both bools are true.", both])
        .with_params_info(BOTH)
        .set_into_module(&mut module, |a: Tensor, b: Tensor| raw(a.and(&b)));
    let either = "(tensor([true, false]) | tensor([false, false])).to_array() == [true, false]";
    documented("|", ["Where either bool is true.", either])
        .with_params_info(BOTH)
        .set_into_module(&mut module, |a: Tensor, b: Tensor| raw(a.or(&b)));
    // Refused only where the symbol is none, or the precedence is 0.
    let _ = engine.register_custom_operator("@", PRODUCT);
    let product = "(tensor([[1, 2]]) @ tensor([[3], [4]])).to_array() == [[11]]";
    documented(
        "@",
        ["The product of matrices; dimensions before the last two are a batch.", product],
    )
    .with_params_info(BOTH)
    .set_into_module(&mut module, |a: Tensor, b: Tensor| raw(a.matmul(&b)));
    engine.register_global_module(module.into());
    engine.register_fn("to_string", |tensor: &mut Tensor| tensor.show());
    engine.register_fn("to_debug", |tensor: &mut Tensor| tensor.brief());
}
