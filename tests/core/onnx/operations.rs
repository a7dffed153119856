//! Each operation on tensors in a small graph.

use super::{Act, all_work, exported};
use std::sync::Arc;
use stillroom::error::Result;
use stillroom::tensor::{
    Along, Conv2dOptions, ConvPadding, ConvTransposeOptions, DType, Device, Interpolation, Padding,
    PoolOptions, StftOptions, Tensor,
};

type Case = (&'static str, &'static [usize], Act);

fn case(
    name: &'static str,
    lengths: &'static [usize],
    act: impl Fn(&Tensor) -> Result<Tensor> + 'static,
) -> Case {
    (name, lengths, Arc::new(act))
}

fn run(cases: Vec<Case>) {
    let outcome =
        |(name, lengths, act): &Case| (*name, exported(name, lengths, false, Vec::new(), &**act));
    all_work(cases.iter().map(outcome).collect());
}

/// Numbers that are the same in every call.
fn numbers(shape: &[usize]) -> Result<Tensor> {
    let count: usize = shape.iter().product();
    let values = (0..count).map(|at| ((at * 37 + 11) % 29) as f32 / 14.5 - 1.0).collect();
    Tensor::from_values(values, shape, &Device::cpu())
}

fn integers(values: &[i64]) -> Result<Tensor> {
    Tensor::from_integers(values.to_vec(), &[values.len()], &Device::cpu())
}

const SHAPE: &[usize] = &[5, 6];

#[test]
fn functions_of_one_number() {
    run(vec![
        case("exp", SHAPE, |x| x.exp()),
        case("log", SHAPE, |x| x.abs()?.add_number(0.1)?.log()),
        case("log1p", SHAPE, |x| x.abs()?.log1p()),
        case("sqrt", SHAPE, |x| x.abs()?.sqrt()),
        case("sin", SHAPE, |x| x.sin()),
        case("cos", SHAPE, |x| x.cos()),
        case("tanh", SHAPE, |x| x.tanh()),
        case("erf", SHAPE, |x| x.erf()),
        case("sigmoid", SHAPE, |x| x.sigmoid()),
        case("log_sigmoid", SHAPE, |x| x.log_sigmoid()),
        case("gelu", SHAPE, |x| x.gelu()),
        case("gelu_tanh", SHAPE, |x| x.gelu_tanh()),
        case("relu", SHAPE, |x| x.relu()),
        case("neg", SHAPE, |x| x.neg()),
        case("abs", SHAPE, |x| x.abs()),
        case("sign", SHAPE, |x| x.sign()),
        case("floor", SHAPE, |x| x.mul_number(3.0)?.floor()),
        case("ceil", SHAPE, |x| x.mul_number(3.0)?.ceil()),
        case("round", SHAPE, |x| x.mul_number(3.0)?.round()),
        case("expm1", SHAPE, |x| x.expm1()),
        case("rsqrt", SHAPE, |x| x.abs()?.add_number(0.1)?.rsqrt()),
        case("leaky_relu", SHAPE, |x| x.leaky_relu(0.1)),
        case("elu", SHAPE, |x| x.elu(0.7)),
        case("silu", SHAPE, |x| x.silu()),
        case("hardswish", SHAPE, |x| x.mul_number(3.0)?.hardswish()),
        case("softplus", SHAPE, |x| x.softplus()),
        case("clamp", SHAPE, |x| x.clamp(-0.5, 0.7)),
        case("clamp_min", SHAPE, |x| x.clamp_min(0.2)),
        case("clamp_integers", SHAPE, |x| {
            x.mul_number(5.0)?.to(DType::I64)?.clamp(-2.0, 2.0)?.float_of()
        }),
        case("pow_number", SHAPE, |x| x.abs()?.pow_number(1.7)),
        case("square", SHAPE, |x| x.pow_number(2.0)),
    ]);
}

/// As floats, for what is compared.
trait Floats {
    fn float_of(&self) -> Result<Tensor>;
}

impl Floats for Tensor {
    fn float_of(&self) -> Result<Tensor> {
        self.to(DType::F32)
    }
}

#[test]
fn functions_of_two() {
    let other = || numbers(&[5, 6]);
    run(vec![
        case("add", SHAPE, move |x| x.add(&other()?)),
        case("sub", SHAPE, move |x| other()?.sub(x)),
        case("mul", SHAPE, move |x| x.mul(&other()?)),
        case("div", SHAPE, move |x| x.div(&other()?.add_number(2.0)?)),
        case("div_number", SHAPE, |x| x.div_number(3.0)),
        case("remainder", SHAPE, move |x| x.mul_number(3.0)?.remainder(&other()?.add_number(1.5)?)),
        case("remainder_of_integers", SHAPE, |x| {
            x.mul_number(9.0)?
                .to(DType::I64)?
                .remainder(&integers(&[3, -4, 5, 2, 7, -3])?)?
                .float_of()
        }),
        case("pow", SHAPE, move |x| x.abs()?.add_number(0.1)?.pow(&other()?)),
        case("powers_of_integers", SHAPE, |x| {
            x.mul_number(3.0)?.to(DType::I64)?.pow(&integers(&[2])?)?.float_of()
        }),
        case("maximum", SHAPE, move |x| x.maximum(&other()?)),
        case("minimum", SHAPE, move |x| x.minimum(&other()?)),
        case("compare", SHAPE, move |x| {
            let y = other()?;
            let all = [
                x.lower(&y)?,
                x.greater_equal(&y)?,
                x.not_equal(&y)?,
                x.round()?.equal(&y.round()?)?,
            ];
            all.iter().try_fold(y, |sum, one| sum.add(&one.to(DType::F32)?))
        }),
        case("logic", SHAPE, move |x| {
            let (a, b) = (x.greater(&other()?)?, x.lower_equal(&other()?.add_number(0.5)?)?);
            a.and(&b)?.or(&a.not()?.and(&b.not()?)?)?.float_of()
        }),
        case("bool_output", SHAPE, move |x| x.greater(&other()?)),
        case("integer_output", SHAPE, |x| x.argmax(-1)),
        case("where", SHAPE, move |x| Tensor::select(&x.greater(&other()?)?, x, &other()?)),
        case("where_of_bools", SHAPE, move |x| {
            let (a, b) = (x.greater(&other()?)?, x.lower(&other()?.mul_number(0.5)?)?);
            Tensor::select(&a, &b, &b.not()?)?.float_of()
        }),
        case("masked_fill", SHAPE, move |x| x.masked_fill(&x.greater(&other()?)?, -3.0)),
        case("masked_by_a_constant", SHAPE, move |x| {
            x.masked_fill(&other()?.greater(&numbers(&[1])?)?, 2.0)
        }),
        case("tril", &[4, 4], |x| x.tril(0)),
        case("matmul", SHAPE, |x| x.matmul(&numbers(&[6, 3])?)),
        case("matmul_of_itself", SHAPE, |x| x.matmul(&x.transpose(1, 2)?)),
        case("linear", SHAPE, |x| x.linear(&numbers(&[3, 6])?, Some(&numbers(&[3])?))),
        case("linear_flat", &[6], |x| x.linear(&numbers(&[3, 6])?, Some(&numbers(&[3])?))),
        case("linear_without_bias", &[6], |x| x.linear(&numbers(&[3, 6])?, None)),
        case("einsum", SHAPE, |x| {
            Tensor::einsum("btm,mk,bsm->bkts", &[x.clone(), numbers(&[6, 3])?, x.clone()])
        }),
        case("einsum_trace", &[5, 5], |x| Tensor::einsum("bii->b", std::slice::from_ref(x))),
        case("cdist", SHAPE, |x| x.cdist(&numbers(&[4, 6])?)),
        case("cosine", SHAPE, |x| x.cosine_similarity(&numbers(&[5, 6])?, -1)),
        case("normalize", SHAPE, |x| x.normalize(-1)),
    ]);
}

#[test]
fn reductions() {
    let last = |keep| Along::dims(&[-1], keep);
    run(vec![
        case("sum", SHAPE, move |x| x.sum_along(&last(false))),
        case("sum_two", SHAPE, |x| x.sum_dims(&[1, 2], true)),
        case("sum_all", SHAPE, |x| x.sum()),
        case("mean_all", SHAPE, |x| x.mean()),
        case("mean", SHAPE, |x| x.mean_dims(&[1], false)),
        case("prod", SHAPE, move |x| x.prod_along(&last(true))),
        case("var", SHAPE, move |x| x.var_along(&last(false), 1.0)),
        case("std", SHAPE, move |x| x.std_along(&last(false), 0.0)),
        case("norm", SHAPE, move |x| x.norm_along(&last(false), 2.0)),
        case("norm_3", SHAPE, move |x| x.norm_along(&last(false), 3.0)),
        case("logsumexp", SHAPE, move |x| x.logsumexp_along(&last(false))),
        case("max", SHAPE, |x| x.max_dim(1, false)),
        case("min_along", SHAPE, |x| x.min_along(&Along::dims(&[1, 2], false))),
        case("argmin", SHAPE, |x| x.argmin_dim(2, true)?.float_of()),
        case("any", SHAPE, move |x| {
            x.greater(&numbers(&[1])?)?.any_along(&last(false))?.float_of()
        }),
        case("all", SHAPE, move |x| x.lower(&numbers(&[1])?)?.all_along(&last(true))?.float_of()),
        case("sum_of_integers", SHAPE, move |x| {
            x.mul_number(5.0)?.to(DType::I64)?.sum_along(&last(false))?.float_of()
        }),
        case("max_of_integers", SHAPE, move |x| {
            x.mul_number(5.0)?.to(DType::I64)?.max_along(&last(false))?.float_of()
        }),
        case("cumsum", SHAPE, |x| x.cumsum(1)),
        case("softmax", SHAPE, |x| x.softmax(1)),
        case("log_softmax", SHAPE, |x| x.log_softmax(-1)),
        case("argsort", SHAPE, |x| x.argsort(1, false)?.float_of()),
        case("topk", SHAPE, |x| Ok(x.topk(3, 2)?.0)),
        case("topk_places", SHAPE, |x| x.topk(2, 1)?.1.float_of()),
    ]);
}

#[test]
fn arrangements() {
    run(vec![
        case("reshape", SHAPE, |x| x.reshape(&[-1, 3, 10])),
        case("flatten", SHAPE, |x| x.flatten(1, 2)),
        case("flatten_with_the_batch", SHAPE, |x| x.reshape(&[-1, 6])?.exp()?.reshape(&[-1, 30])),
        case("squeeze", SHAPE, |x| x.narrow(1, 2, 1)?.squeeze(&[1])),
        case("unsqueeze", SHAPE, |x| x.unsqueeze(2)),
        case("permute", SHAPE, |x| x.permute(&[2, 0, 1])?.permute(&[1, 2, 0])),
        case("transpose", SHAPE, |x| x.transpose(1, 2)),
        case("narrow", SHAPE, |x| x.narrow(2, 1, 4)),
        case("expand", SHAPE, |x| {
            let batch = x.shape()[0];
            x.narrow(1, 0, 1)?.expand(&[batch, 5, 6])
        }),
        case("expand_a_constant", SHAPE, |x| {
            let token = numbers(&[1, 1, 6])?.expand(&[x.shape()[0], 1, 6])?;
            Tensor::cat(&[token, x.clone()], 1)
        }),
        case("zeros_for_each", SHAPE, |x| {
            Tensor::cat(&[Tensor::full(&[x.shape()[0], 2, 6], 0.5, &Device::cpu())?, x.clone()], 1)
        }),
        case("divided_by_a_length", SHAPE, |x| {
            let [batch, steps] = [x.shape()[0], 2 * x.shape()[0]].map(|n| n as f64);
            x.div_number(batch)?.sub_number(steps)
        }),
        case("stack", SHAPE, |x| Tensor::stack(&[x.clone(), x.neg()?], 1)),
        case("split", SHAPE, |x| {
            let parts = x.split(&[2, 4], 2)?;
            Tensor::cat(&[parts[1].clone(), parts[0].clone()], 2)
        }),
        case("chunk", SHAPE, |x| x.chunk(2, 1)?[1].exp()),
        case("flip", SHAPE, |x| x.flip(&[1, 2])),
        case("roll", SHAPE, |x| x.roll(2, 1)),
        case("pad", SHAPE, |x| x.pad(&[1, 2, 0, 1], Padding::Value(0.5))),
        case("pad_reflect", SHAPE, |x| x.pad(&[2, 1], Padding::Reflect)),
        case("pad_circular", SHAPE, |x| x.pad(&[2, 1], Padding::Circular)),
        case("pad_replicate", SHAPE, |x| x.pad(&[2, 1], Padding::Replicate)),
        case("repeat", SHAPE, |x| x.repeat(&[1, 2, 1])),
        case("unfold", SHAPE, |x| x.unfold(1, 3, 1)),
        case("index_select", SHAPE, |x| x.index_select(1, &integers(&[3, 0, 3])?)),
        case("gather", SHAPE, |x| x.gather(2, &x.argsort(2, true)?.narrow(2, 0, 2)?)),
        case("scatter_add", SHAPE, |x| {
            let places = x.argsort(2, false)?;
            Tensor::full(&x.shape(), 1.0, &Device::cpu())?.scatter_add(2, &places, x)
        }),
        case("one_hot", SHAPE, |x| x.argmax(-1)?.one_hot(6)),
        case("embedding", SHAPE, |x| numbers(&[6, 4])?.embedding(&x.argmax(-1)?)),
        case("picked", SHAPE, |x| x.transpose(0, 1)?.picked(&integers(&[1, -1])?)?.transpose(0, 1)),
    ]);
}

#[test]
fn pictures() {
    const PICTURE: &[usize] = &[4, 9, 8];
    let moves = Conv2dOptions::default();
    let pool = PoolOptions::default();
    let ceil = PoolOptions { stride: Some([2, 3]), padding: [1, 0], ceil_mode: true, ..pool };
    run(vec![
        case("conv2d", PICTURE, move |x| {
            let options = Conv2dOptions {
                stride: [2, 1],
                padding: ConvPadding::Zeros([1, 2]),
                groups: 2,
                ..moves
            };
            x.conv2d(&numbers(&[6, 2, 3, 3])?, Some(&numbers(&[6])?), options)
        }),
        case("conv2d_same_dilated", PICTURE, move |x| {
            let options = Conv2dOptions { padding: ConvPadding::Same, dilation: [2, 1], ..moves };
            x.conv2d(&numbers(&[3, 4, 3, 2])?, None, options)
        }),
        case("conv1d", SHAPE, move |x| {
            let options = Conv2dOptions { padding: ConvPadding::Zeros([0, 1]), ..moves };
            x.conv1d(&numbers(&[3, 5, 3])?, Some(&numbers(&[3])?), options)
        }),
        case("conv_transpose2d", PICTURE, |x| {
            let options = ConvTransposeOptions {
                stride: [2, 3],
                padding: [1, 0],
                output_padding: [1, 2],
                ..ConvTransposeOptions::default()
            };
            x.conv_transpose2d(&numbers(&[4, 3, 3, 2])?, Some(&numbers(&[3])?), options)
        }),
        case("conv_transpose1d", SHAPE, |x| {
            let options =
                ConvTransposeOptions { stride: [1, 2], ..ConvTransposeOptions::default() };
            x.conv_transpose1d(&numbers(&[5, 3, 4])?, None, options)
        }),
        case("max_pool", PICTURE, move |x| x.max_pool2d([2, 2], pool)),
        case("max_pool_padded", PICTURE, move |x| {
            x.max_pool2d([3, 3], PoolOptions { stride: Some([2, 2]), padding: [1, 1], ..pool })
        }),
        case("max_pool_dilated", PICTURE, move |x| {
            x.max_pool2d([2, 3], PoolOptions { dilation: [2, 1], ..pool })
        }),
        case("max_pool_ceil", PICTURE, move |x| x.max_pool2d([2, 2], ceil)),
        case("max_pool1d", SHAPE, move |x| x.max_pool1d(2, pool)),
        case("avg_pool", PICTURE, move |x| x.mean_pool2d([2, 3], pool)),
        case("avg_pool_padded", PICTURE, move |x| {
            x.mean_pool2d([3, 3], PoolOptions { stride: Some([2, 1]), padding: [1, 1], ..pool })
        }),
        case("avg_pool_not_counting", PICTURE, move |x| {
            x.mean_pool2d([3, 3], PoolOptions { padding: [1, 1], count_include_pad: false, ..pool })
        }),
        case("avg_pool_ceil", PICTURE, move |x| x.mean_pool2d([2, 2], ceil)),
        case("avg_pool1d", SHAPE, move |x| x.avg_pool1d(3, pool)),
        case("adaptive_avg_1", PICTURE, |x| x.adaptive_avg_pool2d([1, 1])),
        case("adaptive_avg_even", PICTURE, |x| x.adaptive_avg_pool2d([3, 4])),
        case("adaptive_avg_uneven", PICTURE, |x| x.adaptive_avg_pool2d([4, 3])),
        case("adaptive_max", PICTURE, |x| x.adaptive_max_pool2d([4, 1])),
        case("adaptive_max_even", PICTURE, |x| x.adaptive_max_pool2d([3, 8])),
        case("adaptive_avg_1d", SHAPE, |x| x.adaptive_avg_pool1d(4)),
        case("adaptive_max_1d", SHAPE, |x| x.adaptive_max_pool1d(4)),
        case("nearest", PICTURE, |x| x.interpolate(&[13, 5], Interpolation::Nearest, false)),
        case("bilinear", PICTURE, |x| x.interpolate(&[13, 5], Interpolation::Linear, false)),
        case("bicubic", PICTURE, |x| x.interpolate(&[13, 5], Interpolation::Cubic, true)),
        case("batch_norm", PICTURE, |x| {
            let (ones, part) = (numbers(&[4])?.abs()?.add_number(0.5)?, numbers(&[4])?);
            x.batch_norm_eval(&ones, &part, &part, &ones, 1e-3)
        }),
        case("batch_norm_flat", &[6], |x| {
            let (ones, part) = (numbers(&[6])?.abs()?.add_number(0.5)?, numbers(&[6])?);
            x.batch_norm_eval(&ones, &part, &part, &ones, 1e-3)
        }),
        case("batch_statistics", PICTURE, |x| {
            Ok(x.batch_norm_train(&numbers(&[4])?, &numbers(&[4])?, 1e-5)?.output)
        }),
        case("layer_norm", SHAPE, |x| x.layer_norm(&numbers(&[6])?, &numbers(&[6])?, 1e-6)),
        case("group_norm", PICTURE, |x| {
            x.group_norm(2, Some(&numbers(&[4])?), Some(&numbers(&[4])?), 1e-5)
        }),
        case("instance_norm", PICTURE, |x| x.group_norm(4, None, None, 1e-5)),
        case("rms_norm", SHAPE, |x| x.rms_norm(Some(&numbers(&[6])?), 1e-6)),
        case("rfft", SHAPE, |x| {
            let found = x.rfft()?;
            found.real.add(&found.imag.mul_number(0.5)?)
        }),
        case("stft", &[40], |x| {
            let window = Some(numbers(&[12])?.abs()?);
            let found = x.stft(&StftOptions { n_fft: 16, hop: 5, window, center: true })?;
            found.real.mul(&found.real)?.add(&found.imag.mul(&found.imag)?)
        }),
    ]);
}

#[test]
fn what_a_graph_cannot_tell_is_told() {
    let told = |act: &dyn Fn(&Tensor) -> Result<Tensor>| match exported(
        "refused",
        SHAPE,
        false,
        Vec::new(),
        act,
    ) {
        Ok(_) => "exported".to_string(),
        Err(error) => error.to_string(),
    };
    let looked = told(&|x| if x.sum()?.item()? > 0.0 { x.exp() } else { x.neg() });
    assert!(looked.contains("the numbers of the input decide"), "{looked}");
    let chosen = told(&|x| x.masked_select(&x.greater(&numbers(&[1])?)?));
    assert!(chosen.contains("the numbers of the input decide"), "{chosen}");
    let unknown = told(&|x| x.cumprod(1));
    assert!(unknown.contains("ONNX has no operation for cumprod"), "{unknown}");
    let constant = told(&|_| numbers(&[2, 3]));
    assert!(constant.contains("the output does not depend on the input"), "{constant}");
    let by_length = told(&|x| if x.shape()[0] == 2 { x.exp() } else { x.neg() });
    assert!(by_length.contains("the lengths of the input decide"), "{by_length}");
    let numbered =
        told(&|x| x.add(&Tensor::full(&[1], x.shape()[0] as f64 * 0.3, &Device::cpu())?));
    assert!(numbered.contains("numbers of a constant depend on a free length"), "{numbered}");
}
