//! Kernels for pictures: against their definition or the composition of what they do at once, for sizes around those of
//! vectors, inputs that do not lie in order, and any number of threads.

use stillroom::error::Result;
use stillroom::tensor::random::Stream;
use stillroom::tensor::{After, Conv2dOptions, ConvPadding, Device, PoolOptions, Tensor};

fn normal(name: &str, shape: &[usize]) -> Tensor {
    Tensor::normal(shape, &mut Stream::new(3, name, &[]), &Device::default()).expect("numbers")
}

/// The same numbers, of which the rows lie where the columns would.
fn turned(tensor: &Tensor) -> Tensor {
    let shape: Vec<i64> = tensor.shape().iter().map(|n| *n as i64).collect();
    let inner = tensor.permute(&[0, 3, 2, 1]).and_then(|t| t.reshape(&[shape[0], shape[3], -1]));
    let [height, channels] = [shape[2], shape[1]];
    let whole = inner.and_then(|t| t.reshape(&[shape[0], shape[3], height, channels]));
    whole.and_then(|t| t.permute(&[0, 3, 2, 1])).expect("a view")
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.to_values().expect("values")
}

/// The value of a function of leaves and their gradients, for a gradient that differs from place to place.
fn all(inputs: &[Tensor], act: impl Fn(&[Tensor]) -> Result<Tensor>) -> Vec<Vec<f32>> {
    let leaves: Vec<Tensor> = inputs.iter().map(|t| t.tracked().expect("a leaf")).collect();
    let output = act(&leaves).expect("an output");
    let weights = normal("weights", &output.shape());
    let loss = output.mul(&weights).and_then(|t| t.sum()).expect("a sum");
    let gradients = loss.backward().expect("gradients");
    let of = |leaf: &Tensor| values(&gradients.of(leaf).expect("a gradient"));
    std::iter::once(values(&output)).chain(leaves.iter().map(of)).collect()
}

#[track_caller]
fn close(found: &[Vec<f32>], expected: &[Vec<f32>], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (part, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}, {part}");
        let most = expected.iter().fold(1.0f32, |most, v| most.max(v.abs()));
        for (found, expected) in found.iter().zip(expected) {
            let off = (found - expected).abs();
            assert!(off <= 4e-6 * most, "{what}, part {part}: {found} for {expected}");
        }
    }
}

/// In a pool of so many threads.
fn by<T: Send>(threads: usize, act: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(act)
}

/// Bit by bit on the processor; closely on devices that give no bits.
fn same_on_the_processor(found: &[Vec<f32>], expected: &[Vec<f32>], what: &str) {
    match Device::default().is_cpu() {
        true => assert!(found == expected, "{what}"),
        false => close(found, expected, what),
    }
}

#[track_caller]
fn same_for_any_threads(what: &str, act: impl Fn() -> Vec<Vec<f32>> + Sync) {
    let bits = |threads| {
        let all = by(threads, &act);
        all.concat().iter().map(|value| value.to_bits()).collect::<Vec<u32>>()
    };
    let one = bits(1);
    for threads in [2, 3, 8] {
        assert!(bits(threads) == one, "{what}: {threads} threads");
    }
}

const SIZES: [[usize; 4]; 6] =
    [[3, 4, 5, 3], [2, 3, 4, 4], [1, 5, 1, 17], [2, 1, 6, 33], [9, 2, 3, 15], [2, 7, 1, 1]];

/// What stands in one place of a convolution: sums in double precision of the products that the definition names.
struct Direct<'a> {
    input: &'a Tensor,
    kernel: &'a Tensor,
    options: Conv2dOptions,
    output: Vec<usize>,
}

impl Direct<'_> {
    /// Calls `act(output, input, weight)` with the places of all three of every product.
    fn each(&self, mut act: impl FnMut(usize, usize, usize)) {
        let (size, taps, made) = (self.input.shape(), self.kernel.shape(), &self.output);
        let Conv2dOptions { stride, dilation, groups, padding } = self.options;
        let ConvPadding::Sides([[top, _], [left, _]]) = padding else { panic!("sides") };
        let outputs = taps[0] / groups;
        for place in 0..made.iter().product() {
            let (x, y) = (place % made[3], place / made[3] % made[2]);
            let (out, image) = (
                place / (made[2] * made[3]) % made[1],
                place / made[1..].iter().product::<usize>(),
            );
            for tap in 0..taps[1..].iter().product() {
                let (right, down) = (tap % taps[3], tap / taps[3] % taps[2]);
                let channel = out / outputs * taps[1] + tap / (taps[2] * taps[3]);
                let row = (y * stride[0] + down * dilation[0]).checked_sub(top);
                let column = (x * stride[1] + right * dilation[1]).checked_sub(left);
                if let (Some(row), Some(column)) = (row, column)
                    && row < size[2]
                    && column < size[3]
                {
                    let from = ((image * size[1] + channel) * size[2] + row) * size[3] + column;
                    act(place, from, out * taps[1..].iter().product::<usize>() + tap);
                }
            }
        }
    }

    fn all(&self) -> Vec<Vec<f32>> {
        let (input, kernel) = (values(self.input), values(self.kernel));
        let gradient = values(&normal("weights", &self.output));
        let mut sums =
            [vec![0.0f64; gradient.len()], vec![0.0; input.len()], vec![0.0; kernel.len()]];
        self.each(|to, from, weight| {
            let [x, w, g] = [input[from], kernel[weight], gradient[to]].map(f64::from);
            sums[0][to] += x * w;
            sums[1][from] += g * w;
            sums[2][weight] += g * x;
        });
        sums.map(|sums| sums.iter().map(|sum| *sum as f32).collect()).to_vec()
    }
}

/// Input channels of a group, outputs of it, and groups.
const CHANNELS: [[usize; 3]; 6] =
    [[1, 1, 5], [1, 3, 2], [3, 5, 1], [2, 9, 2], [20, 17, 1], [9, 1, 1]];

#[test]
fn convolutions_are_what_they_are_defined_as() {
    for size in [[7, 16], [5, 31], [3, 50], [1, 1], [4, 17]] {
        for (index, [inputs, outputs, groups]) in CHANNELS.into_iter().enumerate() {
            for kernel in [[1, 1], [3, 3], [5, 5], [2, 3]] {
                for (stride, dilation) in [([1, 1], [1, 1]), ([2, 2], [1, 1]), ([1, 3], [2, 1])] {
                    let batch = 1 + index % 3;
                    let input = normal("input", &[batch, inputs * groups, size[0], size[1]]);
                    let kernel =
                        normal("kernel", &[outputs * groups, inputs, kernel[0], kernel[1]]);
                    for sides in [[[0, 0], [0, 0]], [[2, 2], [2, 2]], [[1, 2], [0, 1]]] {
                        let padding = ConvPadding::Sides(sides);
                        let options = Conv2dOptions { stride, dilation, groups, padding };
                        let act = |t: &[Tensor]| t[0].conv2d(&t[1], None, options);
                        let inputs = [input.clone(), kernel.clone()];
                        // Where the kernel is larger than the input.
                        let Ok(output) = act(&inputs) else { continue };
                        let output = output.shape();
                        let direct = Direct { input: &input, kernel: &kernel, options, output };
                        let what = format!("{size:?} {:?} {options:?}", kernel.shape());
                        close(&all(&inputs, act), &direct.all(), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn convolutions_take_inputs_that_do_not_lie_in_order() {
    let kernel = normal("kernel", &[6, 3, 3, 3]);
    let depthwise = normal("kernel", &[6, 1, 3, 3]);
    for (channels, groups, kernel) in [(3, 1, kernel), (6, 6, depthwise)] {
        let padding = ConvPadding::Zeros([1, 1]);
        let options = Conv2dOptions { padding, groups, ..Conv2dOptions::default() };
        let input = normal("input", &[2, channels, 9, 20]);
        let straight = all(&[input.clone(), kernel.clone()], |t| t[0].conv2d(&t[1], None, options));
        let around = all(&[input, kernel], |t| turned(&t[0]).conv2d(&t[1], None, options));
        assert!(straight == around, "{groups} groups");
    }
}

#[test]
fn convolutions_give_the_same_bytes_for_any_number_of_threads() {
    for (channels, outputs, groups, size) in [(3, 70, 1, [33, 47]), (40, 1, 40, [20, 31])] {
        for kernel in [1, 3] {
            for stride in [1, 2] {
                let input = normal("input", &[5, channels, size[0], size[1]]);
                let shape = [outputs * groups, channels / groups, kernel, kernel];
                let kernels = normal("kernel", &shape);
                let padding = ConvPadding::Zeros([kernel / 2; 2]);
                let options = Conv2dOptions {
                    stride: [stride; 2],
                    padding,
                    groups,
                    ..Conv2dOptions::default()
                };
                same_for_any_threads(&format!("{shape:?} {stride}"), || {
                    all(&[input.clone(), kernels.clone()], |t| t[0].conv2d(&t[1], None, options))
                });
            }
        }
    }
}

fn followed(tensor: &Tensor, after: After) -> Result<Tensor> {
    match after {
        After::Nothing => Ok(tensor.clone()),
        After::Relu => tensor.relu(),
        After::Silu => tensor.silu(),
        After::Hardswish => tensor.hardswish(),
    }
}

const AFTER: [After; 4] = [After::Nothing, After::Relu, After::Silu, After::Hardswish];

/// The batch's own statistics by operations of one number each.
fn composed(t: &[Tensor], eps: f64) -> Result<Tensor> {
    let channel = |part: &Tensor| part.reshape(&[1, -1, 1, 1]);
    let distance = t[0].sub(&t[0].mean_dims(&[0, 2, 3], true)?)?;
    let variance = distance.mul(&distance)?.mean_dims(&[0, 2, 3], true)?;
    let normed = distance.div(&variance.add_number(eps)?.sqrt()?)?;
    normed.mul(&channel(&t[1])?)?.add(&channel(&t[2])?)
}

fn with_channels(size: &[usize; 4], far: f64) -> Vec<Tensor> {
    let input = normal("input", size).mul_number(2.5).and_then(|t| t.add_number(far));
    let part = |name| normal(name, &[size[1]]);
    vec![input.expect("an input"), part("scale"), part("shift")]
}

#[test]
fn a_norm_and_what_follows_it_are_both_one_after_another() {
    // One number a channel has no variance.
    for size in SIZES.iter().filter(|size| size[2] * size[3] > 1) {
        let parts = with_channels(size, 0.7);
        for after in AFTER {
            let what = format!("{size:?} {after:?}");
            let expected = all(&parts, |t| followed(&composed(t, 1e-2)?, after));
            let found =
                all(&parts, |t| Ok(t[0].batch_norm_train_then(&t[1], &t[2], 1e-2, after)?.output));
            close(&found, &expected, &what);
            let around = all(&parts, |t| {
                Ok(turned(&t[0]).batch_norm_train_then(&t[1], &t[2], 1e-2, after)?.output)
            });
            same_on_the_processor(&around, &found, &what);
            same_for_any_threads(&what, || {
                all(&parts, |t| Ok(t[0].batch_norm_train_then(&t[1], &t[2], 1e-2, after)?.output))
            });
        }
    }
}

#[test]
fn given_statistics_are_constants() {
    for size in &SIZES {
        let parts = with_channels(size, 0.7);
        let mean = normal("mean", &[size[1]]);
        let variance = mean.mul(&mean).and_then(|t| t.add_number(0.1)).expect("a variance");
        for after in AFTER {
            let channel = |part: &Tensor| part.reshape(&[1, -1, 1, 1]);
            let expected = all(&parts, |t| {
                let inverse = channel(&variance.add_number(1e-3)?.rsqrt()?)?;
                let normed = t[0].sub(&channel(&mean)?)?.mul(&inverse)?;
                followed(&normed.mul(&channel(&t[1])?)?.add(&channel(&t[2])?)?, after)
            });
            let found = all(&parts, |t| {
                t[0].batch_norm_eval_then([&t[1], &t[2]], [&mean, &variance], 1e-3, after)
            });
            close(&found, &expected, &format!("{size:?} {after:?}"));
        }
    }
}

#[test]
fn statistics_hold_far_from_zero_and_for_constants() {
    let size = [3, 2, 5, 11];
    let parts = with_channels(&size, 1000.0);
    let far = parts[0].batch_norm_train(&parts[1], &parts[2], 1e-5).expect("a norm");
    let near = with_channels(&size, 0.0);
    let near = near[0].batch_norm_train(&parts[1], &parts[2], 1e-5).expect("a norm");
    for (far, near) in values(&far.variance).iter().zip(values(&near.variance)) {
        assert!((far - near).abs() <= 1e-4 * near, "{far} {near}");
    }
    let same = Tensor::full(&size, 1.0e6, &Device::default()).expect("a constant");
    let same = same.batch_norm_train(&parts[1], &parts[2], 1e-5).expect("a norm");
    assert_eq!(values(&same.variance), [0.0, 0.0]);
    assert_eq!(values(&same.mean), [1.0e6, 1.0e6]);
    assert!(values(&same.output).chunks(55).all(|plane| plane.iter().all(|v| *v == plane[0])));
}

#[test]
fn what_is_no_number_stays_so() {
    let mut numbers = values(&normal("input", &[2, 1, 4, 9]));
    numbers[40] = f32::NAN;
    let input = Tensor::from_values(numbers, &[2, 1, 4, 9], &Device::default()).expect("an input");
    let one = Tensor::full(&[1], 1.0, &Device::default()).expect("a number");
    for after in AFTER {
        let made = input.batch_norm_train_then(&one, &one, 1e-5, after).expect("a norm").output;
        assert!(values(&made).iter().all(|value| value.is_nan()), "{after:?}");
        let made = input.batch_norm_eval_then([&one, &one], [&one, &one], 1e-5, after);
        let made = values(&made.expect("a norm"));
        let count = made.iter().filter(|value| value.is_nan()).count();
        assert!(count == 1 && made[40].is_nan(), "{after:?}");
    }
}

#[test]
fn gates_and_means_of_planes_are_products_and_means() {
    for size in &SIZES {
        let parts = [normal("input", size), normal("gates", &[size[0], size[1], 1, 1])];
        let what = format!("{size:?}");
        let expected = all(&parts, |t| t[0].mul(&t[1]));
        close(&all(&parts, |t| t[0].gated(&t[1])), &expected, &what);
        close(&all(&parts, |t| turned(&t[0]).gated(&t[1])), &expected, &what);
        let expected = all(&parts[..1], |t| t[0].mean_dims(&[2, 3], true));
        close(&all(&parts[..1], |t| t[0].plane_means()), &expected, &what);
        close(&all(&parts[..1], |t| turned(&t[0]).plane_means()), &expected, &what);
        same_for_any_threads(&what, || {
            all(&parts, |t| t[0].gated(&t[1].mul(&t[0].plane_means()?)?))
        });
    }
}

#[test]
fn empty_batches_go_through() {
    let none = normal("input", &[0, 3, 4, 5]);
    let part = normal("part", &[3]);
    let normed = none.batch_norm_train_then(&part, &part, 1e-5, After::Silu).expect("a norm");
    assert_eq!(normed.output.shape(), [0, 3, 4, 5]);
    assert_eq!(none.plane_means().expect("means").shape(), [0, 3, 1, 1]);
    let gates = normal("gates", &[0, 3, 1, 1]);
    assert_eq!(none.gated(&gates).expect("a product").shape(), [0, 3, 4, 5]);
    assert_eq!(none.avg_pool2d(2).expect("means").shape(), [0, 3, 2, 2]);
    for (groups, kernel) in
        [(1, normal("kernel", &[4, 3, 3, 3])), (3, normal("kernel", &[3, 1, 3, 3]))]
    {
        let options = Conv2dOptions { groups, ..Conv2dOptions::default() };
        let found = all(&[none.clone(), kernel.clone()], |t| t[0].conv2d(&t[1], None, options));
        assert!(found[0].is_empty() && found[1].is_empty());
        assert_eq!(found[2], vec![0.0; kernel.count()]);
    }
}

#[test]
fn means_of_blocks_are_means_of_windows() {
    for (size, window) in [([2, 3, 6, 8], [2, 2]), ([1, 2, 7, 33], [2, 2]), ([3, 1, 9, 10], [3, 4])]
    {
        let input = [normal("input", &size)];
        let [rows, columns] = [size[2] / window[0], size[3] / window[1]];
        let expected = all(&input, |t| {
            let cut = t[0].narrow(2, 0, rows * window[0])?.narrow(3, 0, columns * window[1])?;
            let lengths = [size[0], size[1], rows, window[0], columns, window[1]];
            cut.reshape(&lengths.map(|n| n as i64))?.mean_dims(&[3, 5], false)
        });
        let what = format!("{size:?} {window:?}");
        let pooled = |t: &Tensor| t.mean_pool2d(window, PoolOptions::default());
        close(&all(&input, |t| pooled(&t[0])), &expected, &what);
        close(&all(&input, |t| pooled(&turned(&t[0]))), &expected, &what);
        same_for_any_threads(&what, || all(&input, |t| pooled(&t[0])));
    }
    // One window that leaves out more than one of its own length.
    let input = normal("input", &[1, 1, 5, 9]);
    let apart = PoolOptions { stride: Some([100, 100]), ..PoolOptions::default() };
    let one = input.mean_pool2d([2, 3], apart).expect("a mean");
    assert_eq!(one.shape(), [1, 1, 1, 1]);
}
