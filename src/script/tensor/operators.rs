//! `+ - * / % ** @`, comparisons, `! & |`: between tensors, and with numbers on either side.

use crate::error::Result;
use crate::script::raise::raw;
use crate::tensor::{DType, Device, Tensor};
use rhai::{Engine, FLOAT, INT};

type Binary = fn(&Tensor, &Tensor) -> Result<Tensor>;
type WithNumber = fn(&Tensor, f64) -> Result<Tensor>;

/// How tightly `@` binds: as `*`.
const PRODUCT: u8 = 180;

const ALL: [(&str, Binary, Option<WithNumber>); 12] = [
    ("+", Tensor::add, Some(Tensor::add_number)),
    ("-", Tensor::sub, Some(Tensor::sub_number)),
    ("*", Tensor::mul, Some(Tensor::mul_number)),
    ("/", Tensor::div, Some(Tensor::div_number)),
    ("%", Tensor::remainder, None),
    ("**", Tensor::pow, Some(Tensor::pow_number)),
    ("==", Tensor::equal, None),
    ("!=", Tensor::not_equal, None),
    ("<", Tensor::lower, None),
    ("<=", Tensor::lower_equal, None),
    (">", Tensor::greater, None),
    (">=", Tensor::greater_equal, None),
];

pub(super) fn bind(engine: &mut Engine) {
    for (symbol, binary, with_number) in ALL {
        let float = |number: FLOAT| Tensor::scalar(DType::F32, number);
        let integer = |number: INT| Tensor::from_integers(vec![number], &[1], &Device::default());
        engine.register_fn(symbol, move |a: Tensor, b: Tensor| raw(binary(&a, &b)));
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
    engine.register_fn("-", |a: Tensor| raw(a.neg()));
    engine.register_fn("!", |a: Tensor| raw(a.not()));
    engine.register_fn("&", |a: Tensor, b: Tensor| raw(a.and(&b)));
    engine.register_fn("|", |a: Tensor, b: Tensor| raw(a.or(&b)));
    // Refused only where the symbol is none, or the precedence is 0.
    let _ = engine.register_custom_operator("@", PRODUCT);
    engine.register_fn("@", |a: Tensor, b: Tensor| raw(a.matmul(&b)));
    engine.register_fn("to_string", |tensor: &mut Tensor| tensor.show());
    engine.register_fn("to_debug", |tensor: &mut Tensor| tensor.brief());
}
