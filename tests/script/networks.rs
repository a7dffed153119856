//! Networks that a script builds: names, gradients, copies, taps, chance, and what is told of mistakes.

use super::host::{evaluate, fails, holds, in_a_line};
use crate::support::Sandbox;
use stillroom::nn::{Mode, Net, Network, pass};
use stillroom::tensor::{Device, Tensor};

/// A message in one line, without its places.
#[track_caller]
fn told(text: &str) -> String {
    let error = fails(text);
    assert!(error.contains("╭─[script:"), "{error}");
    in_a_line(&error)
}

#[test]
fn a_hundred_layers_built_in_a_loop() {
    holds(
        r#"
        let parts = [];
        for i in 0..100 {
            parts.push(nn::residual(nn::linear(4, 4).init("weight", "normal", #{ std: 0.1 })));
            parts.push(nn::relu());
        }
        let net = nn::sequential(parts);
        let x = tensor::normal([3, 4], "x");
        let by_hand = x;
        for i in 0..100 {
            let w = net.weight(`${2 * i}.body.weight`);
            by_hand = (by_hand + linear(by_hand, w, net.weight(`${2 * i}.body.bias`))).relu();
        }
        let output = net.forward(x);
        let names = net.trainable();
        let leaves = names.map(|name| net.weight(name));
        let own = grad((output ** 2).sum(), leaves);
        let other = grad((by_hand ** 2).sum(), leaves);
        for i in 0..names.len() { assert_close(own[i], other[i], 1e-6 * other[i].abs().max().item() + 1e-9) }
        assert_eq(output, by_hand);
        names.len() == 200 && net.count == 2000
    "#,
    );
}

#[test]
fn layers_a_network_of_the_recipe_and_tensor_ops_agree() {
    holds(
        r#"
        fn forward(self, x) {
            let y = self.norm.forward(self.conv.forward(x.transpose(1, 2).unsqueeze(1)));
            self.head.forward(y.relu().mean([2, 3]))
        }
        let conv = nn::conv2d(1, 4, 3, #{ padding: 1, stride: 2, bias: false });
        let norm = nn::batch_norm2d(4);
        let head = nn::linear(4, 3);
        let layers = nn::sequential([
            ["picture", nn::as_picture()], ["conv", conv], ["norm", norm], ["relu", nn::relu()],
            ["pool", nn::global_avg_pool()], ["head", head],
        ]);
        let own = nn::network([["conv", conv], ["norm", norm], ["head", head]], Fn("forward"));
        let closure = nn::network(|x| head.forward(
            norm.forward(conv.forward(x.transpose(1, 2).unsqueeze(1))).relu().mean([2, 3])
        ));
        let x = tensor::normal([5, 12, 8], "x");
        let y = conv2d(x.transpose(1, 2).unsqueeze(1), conv.weight("weight"), #{ padding: 1, stride: 2 });
        let mean = y.mean([0, 2, 3], true);
        let square = ((y - mean) ** 2).mean([0, 2, 3], true);
        let normed = (y - mean) * (square + 1e-5).rsqrt();
        let ops = linear(normed.relu().mean([2, 3]), head.weight("weight"), head.weight("bias"));
        let leaves = [conv.weight("weight"), head.weight("weight"), head.weight("bias")];
        let gradients = |out| grad((out ** 2).sum(), leaves);
        let reference = layers.forward(x);
        let by_layers = gradients.call(reference);
        assert_eq(own.forward(x), closure.forward(x));
        assert_eq(gradients.call(own.forward(x)), gradients.call(closure.forward(x)));
        assert_close(own.forward(x), reference, 1e-6);
        assert_close(gradients.call(own.forward(x)), by_layers, 1e-5);
        assert_close(ops, reference, 1e-5);
        assert_close(gradients.call(ops), by_layers, 1e-4);
        assert_eq(layers.names(), own.names());
        let sorted = closure.names();
        sorted.sort();
        let expected = own.names();
        expected.sort();
        assert_eq(sorted, expected);
        true
    "#,
    );
}

#[test]
fn names_are_those_of_pytorch() {
    holds(
        r#"
        let block = |width| nn::sequential([["norm", nn::layer_norm(width)], ["fc", nn::linear(width, width)]]);
        let net = nn::network(#{
            blocks: [block.call(4), block.call(4)],
            head: nn::linear(4, 2, #{ bias: false }),
            cls_token: nn::parameter(tensor::zeros([1, 1, 4])),
            center: nn::buffer(tensor::zeros([2])),
        }, |self, x| self.head.forward(self.blocks[1].forward(self.blocks[0].forward(x + self.cls_token))));
        net.names() == [
            "blocks.0.norm.weight", "blocks.0.norm.bias", "blocks.0.fc.weight", "blocks.0.fc.bias",
            "blocks.1.norm.weight", "blocks.1.norm.bias", "blocks.1.fc.weight", "blocks.1.fc.bias",
            "center", "cls_token", "head.weight",
        ] && net.freeze(["blocks.0.*", "cls_token"]).trainable() == [
            "blocks.1.norm.weight", "blocks.1.norm.bias", "blocks.1.fc.weight", "blocks.1.fc.bias", "head.weight",
        ] && net.unfreeze("*.norm.*").trainable().len() == 7
          && net.part("blocks.0.fc").count == 20
          && net.forward(tensor::ones([2, 3, 4])).shape == [2, 3, 2]
    "#,
    );
}

#[test]
fn a_copy_shares_nothing_but_keeps_what_is_shared_within() {
    holds(
        r#"
        let table = nn::linear(3, 3);
        let tied = nn::parameter(tensor([1.0, 2.0, 3.0]));
        let net = nn::network(#{ first: table, second: table, a: tied, b: [tied] }, |self, x| {
            self.second.forward(self.first.forward(x)) * self.a * self.b[0]
        });
        let copy = net.copy();
        let x = tensor::ones([1, 3]);
        assert_eq(copy.forward(x), net.forward(x));
        copy.set_weight("first.bias", tensor([7, 7, 7]));
        copy.set_weight("a", tensor([0, 0, 0]));
        net.count == 15 && copy.count == 15
            && copy.state()["second.bias"].to_array() == [7.0, 7.0, 7.0]
            && copy.state()["b.0"].to_array() == [0.0, 0.0, 0.0]
            && net.state()["a"].to_array() == [1.0, 2.0, 3.0]
            && net.state()["first.bias"].max().item() < 1.0
    "#,
    );
    // What a closure captured is copied too, and so are running statistics and what is frozen.
    holds(
        r#"
        let norm = nn::batch_norm1d(2);
        let net = nn::network(|x| norm.forward(x));
        net.forward(tensor([[1.0, 5.0], [3.0, 9.0]]));
        net.freeze("norm.weight").eval();
        let copy = net.copy();
        let before = copy.state();
        net.train().forward(tensor([[100.0, 5.0], [300.0, 9.0]]));
        copy.state()["norm.running_mean"].to_array() == before["norm.running_mean"].to_array()
            && net.state()["norm.running_mean"].max().item() > 10.0
            && copy.trainable() == ["norm.bias"] && !copy.training
    "#,
    );
}

#[test]
fn a_moving_average_in_one_line() {
    holds(
        r#"
        let net = nn::sequential([nn::linear(2, 2), nn::batch_norm1d(2)]);
        let average = net.copy();
        let first = net.state();
        net.forward(tensor([[1.0, 5.0], [3.0, 9.0]]));
        net.init("0.weight", "ones");
        average.lerp(net, 0.25);
        for name in net.names() {
            assert_close(average.state()[name], first[name] * 0.75 + net.state()[name] * 0.25, 1e-6);
        }
        assert_throws(|| average.lerp(nn::linear(2, 2), 0.5), "the networks differ");
        true
    "#,
    );
}

#[test]
fn taps_within_networks_within_networks() {
    holds(
        r#"
        fn inner(self, x) { self.act.forward(self.fc.forward(x)) }
        let inner = nn::network(#{ fc: nn::linear(2, 3), act: nn::relu() }, Fn("inner"));
        let net = nn::sequential([
            ["stem", inner], ["rest", nn::residual(nn::network(|x| x * 2))], ["two", nn::parallel([|x| x, |x| -x], "sum")],
        ]);
        let x = tensor::normal([4, 2], "x");
        let all = net.forward_taps(x, ["stem.fc", "stem", "rest.body", "two.1", "two"]);
        assert_eq(all.taps["stem"], all.taps["stem.fc"].relu());
        assert_eq(all.taps["rest.body"], all.taps["stem"] * 2);
        assert_eq(all.taps["two.1"], -(all.taps["stem"] * 3));
        assert_eq(all.taps["two"], all.output);
        // Of a part they count from there, whatever it is called.
        assert_eq(net.part("stem").forward_taps(x, ["fc"]).taps["fc"], all.taps["stem.fc"]);
        net.taps() == ["stem.act", "stem.fc", "stem", "rest.body", "rest", "two.0", "two.1", "two"]
    "#,
    );
    insta::assert_snapshot!(told("nn::sequential([nn::relu()]).forward_taps(tensor([1.0]), [\"relu\"])"), @"error[name]: forward_taps: unknown tap 'relu' | hint: known: 0");
}

#[test]
fn chance_is_that_of_the_seed_and_the_step() {
    let net = evaluate("nn::sequential([nn::dropout(0.5), nn::dropout(0.5)])").expect("a network");
    let net = net.cast::<Net>();
    let x = Tensor::full(&[4, 50], 1.0, &Device::default()).expect("ones");
    let run = |seed, step| {
        let output =
            pass::during(seed, &[step], || net.forward(&x, Mode::Train)).expect("a tensor");
        output.to_values().expect("values")
    };
    assert_eq!(run(7, 3), run(7, 3));
    assert_ne!(run(7, 3), run(7, 4));
    assert_ne!(run(7, 3), run(8, 3));
    // Layers without weights draw nothing: those with weights begin as they did.
    let first = |text: &str| {
        let value = pass::during(7, &[], || evaluate(text)).expect("a number");
        value.as_float().expect("a float")
    };
    let plain = first("nn::linear(3, 3).state().weight.sum().item()");
    assert_eq!(
        plain,
        first("nn::dropout(0.5); nn::relu(); nn::linear(3, 3).state().weight.sum().item()")
    );
    assert_ne!(plain, first("nn::linear(3, 3); nn::linear(3, 3).state().weight.sum().item()"));
}

#[test]
fn parts_that_do_not_fit_are_told_by_their_names() {
    insta::assert_snapshot!(fails(
        "fn block(width) { nn::sequential([[\"fc\", nn::linear(width, 8)], [\"act\", nn::relu()]]) }
let net = nn::sequential([[\"blocks\", nn::sequential([block(4), block(9)])], [\"head\", nn::linear(8, 2)]]);
net.forward(tensor::ones([3, 4]))"
    ), @"
    error[shape]: linear: the width of the input differs
       ╭─[script:1:46]
     1 │ fn block(width) { nn::sequential([[\"fc\", nn::linear(width, 8)], [\"act\", nn::relu()]]) }
       ·                                              ──────
       ╰────
      reached from
       ╭─[script:3:5]
     3 │ net.forward(tensor::ones([3, 4]))
       ·     ───────
       ╰────
      expected: […, 9]
      received: [3, 8]
      part: blocks.1.fc
    ");
    insta::assert_snapshot!(fails(
        "fn forward(self, x) {
    self.head.forward(x.flatten())
}
let inner = nn::network(#{ head: nn::linear(3, 2) }, Fn(\"forward\"));
nn::residual(nn::sequential([nn::relu(), inner])).forward(tensor::ones([3, 3]))"
    ), @"
    error[shape]: linear: the width of the input differs
       ╭─[script:2:15]
     2 │     self.head.forward(x.flatten())
       ·               ───────
       ╰────
      reached from
       ╭─[script:5:51]
     5 │ nn::residual(nn::sequential([nn::relu(), inner])).forward(tensor::ones([3, 3]))
       ·                                                   ───────
       ╰────
      expected: […, 3]
      received: [9]
      part: body.1.head
    ");
}

#[test]
fn mistakes_in_building_a_network() {
    insta::assert_snapshot!(told("nn::linear(3, 2, #{ bais: true })"), @"error[name]: nn::linear: unknown option 'bais' | hint: did you mean 'bias'?");
    insta::assert_snapshot!(told("nn::linear(0, 2)"), @"error[range]: nn::linear: 'inputs' is out of range | expected: 1 to 1048576 | received: 0");
    insta::assert_snapshot!(told("nn::linear(2.5, 2)"), @"error[type]: nn::linear: the width of the input has the wrong type | expected: a whole number | received: float 2.5");
    insta::assert_snapshot!(told("nn::conv2d(3, 4, [1, 2, 3])"), @"error[shape]: nn::conv2d: the kernel has the wrong length | expected: a whole number, or two of them: [vertical, horizontal] | received: [1, 2, 3]");
    insta::assert_snapshot!(told("nn::conv2d(3, 4, 3, #{ groups: 2 })"), @"error[range]: nn::conv2d: 'groups' must divide 'inputs' | received: groups 2, inputs 3");
    insta::assert_snapshot!(told("nn::conv1d(3, 4, 3, #{ padding: \"full\" })"), @r#"error[name]: nn::conv1d: unknown padding | expected: numbers, or "same" | received: "full""#);
    insta::assert_snapshot!(told("nn::depthwise(4, 3, #{ groups: 2 })"), @"error[name]: nn::depthwise: unknown option 'groups' | hint: known: stride, padding, dilation, bias");
    insta::assert_snapshot!(told("nn::attention(10, 3)"), @"error[range]: nn::attention: 'heads' must divide 'width' | received: heads 3, width 10");
    insta::assert_snapshot!(told("nn::dropout(2)"), @"error[range]: nn::dropout: 'p' is out of range | expected: 0 to 1 | received: 2");
    insta::assert_snapshot!(told("nn::activation(\"rellu\")"), @"error[name]: nn::activation: unknown activation 'rellu' | hint: did you mean 'relu'?");
    insta::assert_snapshot!(told("nn::squeeze_excite(8, #{ ratio: 0.5, reduced: 4 })"), @"error[name]: nn::squeeze_excite: 'ratio' and 'reduced' say the same | hint: give one of them");
    insta::assert_snapshot!(told("nn::sequential([nn::relu(), 5])"), @"error[type]: nn::sequential: parts[1] has the wrong type | expected: a network, or a function of one tensor | received: integer 5");
    insta::assert_snapshot!(told("nn::sequential([[\"a\", nn::relu()], [\"a\", nn::relu()]])"), @"error[name]: nn::sequential: two parts have one name | received: 'a' again, as parts[1]");
    insta::assert_snapshot!(told("nn::sequential([[\"a.b\", nn::relu()]])"), @"error[name]: nn::sequential: a part cannot have this name | expected: a name without dots | received: 'a.b'");
    insta::assert_snapshot!(told("nn::parallel([nn::relu()], \"cat\")"), @r#"error[name]: nn::parallel: unknown way to join outputs | expected: "sum", or "cat" and a dimension | received: "cat""#);
    insta::assert_snapshot!(told("nn::parallel([], \"sum\")"), @"error[shape]: nn::parallel: there is no part");
    insta::assert_snapshot!(told("nn::network(5, |self, x| x)"), @r#"error[type]: nn::network: the parts have the wrong type | expected: a map of parts, or an array of ["name", part] | received: integer 5"#);
    insta::assert_snapshot!(told("nn::network(#{}, |x| x).forward(tensor([1.0]))"), @"error[type]: a closure: it takes another number of arguments | received: (map, Tensor) | hint: its parameters stand between the bars: |a, b| a + b is called with two");
    insta::assert_snapshot!(told("nn::network(|x| 5).forward(tensor([1.0])) + 1; nn::sequential([|x| 5]).forward(tensor([1.0]))"), @"error[type]: a closure: a network must give a tensor here | expected: a tensor | received: integer 5 | part: 0");
    insta::assert_snapshot!(told("nn::set_buffer(\"a\", 1)"), @"error[script]: nn::set_buffer: no network is going forward | hint: from outside: net.set_weight(name, value)");
    insta::assert_snapshot!(told("nn::network(#{ mean: nn::buffer(0) }, |self, x| nn::set_buffer(\"maen\", x)).forward(tensor([1.0]))"), @"error[name]: nn::set_buffer: unknown buffer 'maen' | hint: did you mean 'mean'?");
    insta::assert_snapshot!(told("nn::linear(2, 2).forward(tensor([1.0]), tensor([1.0]))"), @"error[type]: forward: this network takes one input | received: 2 inputs for a linear | hint: attention has net.attend(…), recurrent layers have net.run(…)");
    insta::assert_snapshot!(told("nn::linear(2, 2).attend(tensor([1.0]))"), @"error[type]: attend: this network has no attention of its own | expected: nn::attention(…) or nn::transformer_block(…) | received: linear");
    insta::assert_snapshot!(told("nn::attention(4, 2).attend(tensor::ones([1, 3, 4]), #{ maks: 1 })"), @"error[name]: attend: unknown option 'maks' | hint: did you mean 'mask'?");
    insta::assert_snapshot!(told("nn::lstm(2, 3).run(tensor::ones([1, 4, 2]), tensor::ones([1, 1, 3]))"), @"error[type]: run: the state has the wrong type | expected: a map as run() gives it: #{ hidden, cell } | received: tensor f32 [1, 1, 3]");
    insta::assert_snapshot!(told("nn::linear(2, 2).init(\"wieght\", \"zeros\")"), @"error[name]: init: no parameter fits 'wieght' | hint: the nearest are weight, bias");
    insta::assert_snapshot!(told("nn::linear(2, 2).init(\"*\", \"kaiming_normal\")"), @"error[shape]: init::kaiming_normal: the shape has too few dimensions | expected: [out, in, …] | received: [2] | part: bias");
    insta::assert_snapshot!(told("nn::linear(2, 2).init(\"*\", \"kaming_normal\")"), @"error[name]: init: unknown initialiser 'kaming_normal' | hint: did you mean 'kaiming_normal'?");
    insta::assert_snapshot!(told("nn::linear(2, 2).freeze(\"haed.*\")"), @"error[name]: freeze: no parameter fits 'haed.*' | hint: the nearest are weight, bias");
    insta::assert_snapshot!(told("fn f(x) { nn::network(Fn(\"f\")).forward(x) } f(tensor([1.0]))"), @"error[script]: the recipe: functions call each other too deeply | in the call of 'f' at | expected: 64 calls within each other at most");
}

#[test]
fn a_step_is_refused_before_anything_changes() {
    let start = "let net = nn::linear(2, 1); let o = optim::sgd(#{ lr: 1 }); let x = tensor::zeros([2, 2]); ";
    let told = |text: &str| told(&format!("{start}{text}"));
    insta::assert_snapshot!(told("o.step(net, net.forward(x))") , @"error[shape]: step: the loss is not one number | expected: tensor f32 with one element | received: tensor f32 [2, 1] | hint: end with .mean(), or use a loss that reduces, like cross_entropy");
    insta::assert_snapshot!(told("o.step(net, net.forward(x).sum() / 0.0)"), @"error[number]: step: the loss is no finite number | received: -inf | hint: a smaller learning rate often helps; log() and division by 0 are usual causes");
    // On graphics cards the slope of a root at 0 is 0.
    if stillroom::tensor::Device::default().is_cpu() {
        insta::assert_snapshot!(told("o.step(net, (net.forward(x) * 0.0).sqrt().sum())"), @"error[number]: step: its gradient is no finite number | received: in the gradient of 'weight' | hint: sqrt(), log() and division have infinite slopes at 0: add a little");
    }
    insta::assert_snapshot!(told("o.step(nn::linear(2, 1), net.forward(x).sum())"), @"error[type]: optim::sgd: no parameter of this network took part in the loss | hint: make the loss from the network's output in training mode");
    insta::assert_snapshot!(told("o.step(net, 5)"), @"error[type]: step: the loss has the wrong type | expected: a tensor with one element, or what loss.backward() gave | received: integer 5");
    insta::assert_snapshot!(told("o.step([net, 5], net.forward(x).sum())"), @"error[type]: step: '1' of the networks has the wrong type | expected: a network, or an array or a map of networks | received: integer 5");
    insta::assert_snapshot!(told("o.step(net, net.forward(x).sum(), #{ rate: 1 })"), @"error[name]: step: unknown option 'rate' | hint: known: lr");
    insta::assert_snapshot!(told("o.step(net, net.forward(x).sum(), #{ lr: -1 })"), @"error[range]: optim::sgd: 'lr' is out of range | expected: 0 or more | received: -1");
    holds(
        r#"
        let a = nn::linear(1, 1).init("*", "zeros");
        let b = nn::linear(1, 1).init("*", "zeros");
        let o = optim::sgd(#{ lr: 1, groups: [#{ names: "1.*", lr: 0.5 }] });
        let loss = (a.forward(tensor([[1.0]])) + b.forward(tensor([[1.0]]))).sum();
        let moved = o.step([a, b], loss);
        a.freeze();
        let slow = optim::sgd(#{ lr: 1, accumulate: 2 });
        let waits = slow.step(#{ a: a, b: b }, (a.forward(tensor([[1.0]])) * b.forward(tensor([[1.0]]))).sum());
        moved && !waits && a.state().bias.item() == -1.0 && b.state().bias.item() == -0.5
    "#,
    );
}

/// What a recipe prints, run by the binary.
#[track_caller]
fn printed(recipe: &str, prepare: impl FnOnce(&Sandbox)) -> String {
    let sandbox = Sandbox::new();
    prepare(&sandbox);
    let ran = sandbox.run(recipe, &[]).good();
    ran.err
        .lines()
        .take_while(|line| !line.starts_with("run folder"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn functions_of_imported_modules_make_networks() {
    let lib = "
        const WIDTH = 3;
        fn twice(x) { x * 2 }
        fn forward(self, x) { twice(self.fc.forward(x)) }
        fn named() { nn::network(#{ fc: nn::linear(2, global::WIDTH) }, Fn(\"forward\")) }
        fn closure(fc) { nn::network(|x| twice(fc.forward(x))) }
        fn of(function) { nn::network(#{ fc: nn::linear(2, 5) }, function) }
    ";
    let said = printed(
        "
        import \"lib/nets\" as nets;
        const SHIFT = 1;
        fn mine(self, x) { self.fc.forward(x) * 0 + global::SHIFT }
        fn uses(x) { import \"lib/nets\" as inner; inner::twice(x) }
        let x = tensor::ones([4, 2]);
        print(nets::named().forward(x).shape);
        let fc = nn::linear(2, 7);
        let net = nets::closure(fc);
        print(net.names());
        print((net.forward(x) == fc.forward(x) * 2).all().item());
        print(nets::of(Fn(\"mine\")).forward(x).sum().item());
        print(nn::network(|x| uses(x) + global::SHIFT).forward(tensor([1.0])).item());
        print(nn::sequential([Fn(\"uses\"), Fn(\"relu\"), nets::named()]).forward(x).shape);
        ",
        |sandbox| drop(sandbox.write("lib/nets.rhai", lib)),
    );
    insta::assert_snapshot!(said, @r#"
    warning: line 13: nn::network: a closure is not live: edits do not reach it while it runs
    [4, 3]
    ["fc.weight", "fc.bias"]
    true
    20.0
    3.0
    [4, 3]
    "#);
}

#[test]
fn weights_follow_the_seed_of_the_run() {
    let sandbox = Sandbox::new();
    let recipe = "print(nn::linear(2, 2).state().weight.sum().item())";
    let first = |seed: &str| {
        let ran = sandbox.run(recipe, &["--seed", seed]).good();
        ran.err.lines().next().unwrap_or_default().to_string()
    };
    assert_eq!(first("1"), first("1"));
    assert_ne!(first("1"), first("2"));
}
