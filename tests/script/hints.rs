//! What is proposed where something does not fit, and corners where PyTorch says what must come out.

use super::host::{all_hold, fails, in_a_line};

/// What the error says, in one line.
#[track_caller]
fn told(text: &str) -> String {
    let error = fails(text);
    in_a_line(&error)
}

#[test]
fn a_dimension_that_is_missing() {
    for text in [
        "nn::attention(4, 2).forward(tensor::ones([3, 4]))",
        "nn::gru(4, 2).forward(tensor::ones([3, 4]))",
        "nn::batch_norm1d(4).forward(tensor::ones([4]))",
        "nn::batch_norm2d(4).forward(tensor::ones([4, 2, 2]))",
        "nn::as_picture().forward(tensor::ones([3, 4]))",
        "nn::squeeze_excite(16).forward(tensor::ones([16, 3, 4]))",
    ] {
        let error = told(text);
        assert!(
            error.contains("did you mean .unsqueeze(0)? It makes a batch of one"),
            "{text}\n{error}"
        );
    }
    insta::assert_snapshot!(told("tensor([1, 2]) + tensor([[1, 2, 3], [1, 2, 3]])"), @"error[shape]: +: the shapes do not fit each other | expected: equal lengths, or 1, counted from the last dimension | received: [2] and [2, 3] | hint: did you mean .unsqueeze(1) for the one of shape [2]?");
    insta::assert_snapshot!(told("tensor::ones([2, 3]) * tensor::ones([2, 4, 3])"), @"error[shape]: *: the shapes do not fit each other | expected: equal lengths, or 1, counted from the last dimension | received: [2, 3] and [2, 4, 3] | hint: did you mean .unsqueeze(1) for the one of shape [2, 3]?");
    let error = told("tensor([1, 2]) + tensor([1, 2, 3])");
    assert!(!error.contains("unsqueeze"), "{error}");
}

#[test]
fn calls_that_were_meant_otherwise() {
    let start = "let net = nn::linear(1, 1); fn double(x) { x * 2 } ";
    let told = |text: &str| told(&format!("{start}{text}"));
    insta::assert_snapshot!(told("net(tensor([[1]]))"), @"error[name]: net: there is no such function | received: net(Tensor) | hint: if 'net' is a network, call net.forward(…)");
    insta::assert_snapshot!(told("tensor([1]).double()"), @"error[name]: double: there is no such function | received: double(Tensor) | hint: call the recipe's own function as double(…), not behind a point");
    insta::assert_snapshot!(told("double(1, 2)"), @"error[name]: double: there is no such function | received: double(integer, integer) | hint: the recipe's own function is double(x)");
    insta::assert_snapshot!(told("nn::network(#{ body: net }, |self, x| self.body(x)).forward(tensor([[1]]))"), @"error[name]: body: there is no such function | received: body(map, Tensor) | hint: if 'body' is a network, call self.body.forward(…)");
    insta::assert_snapshot!(told("let t = tensor([[1, 2]]); t[0][1] = 5;"), @"error[type]: Tensor: its elements cannot be assigned to | hint: tensors are never changed: make another one with where(…), masked_fill(…), scatter(…) or cat(…)");
    insta::assert_snapshot!(told("[1].min()"), @"error[type]: min: no form of this function takes these arguments | expected: min(tensor) or min(a, b) or min(tensor, dims) or min(tensor, dims, keep) | received: min(array)");
    insta::assert_snapshot!(told("optim::sgd(#{ lr: 1 }).step(net.freeze(), net.forward(tensor([[1]])).sum())"), @r#"error[type]: step: all parameters of this network are frozen | hint: net.unfreeze(), or net.unfreeze("head.*") for some of them"#);
    insta::assert_snapshot!(told("optim::sgd(#{ lr: 1 }).step(nn::relu(), tensor([1.0]))"), @"error[type]: step: this network has no parameters");
}

#[test]
fn values_are_told_in_words_that_their_authors_know() {
    let kinds = [
        ("model::cnn(#{ classes: 2 })", "a model"),
        ("optim::adam(#{})", "an optimiser"),
        ("dataset::esc50(\"still:example\", #{})", "a data set"),
        ("audio::fbank(#{})", "a front end of features"),
        ("augment::time_roll()", "an augmentation"),
        ("nn::parameter(1)", "a parameter"),
        ("1..3", "a range"),
        ("tensor([1.0]).requires_grad().sum().backward()", "the gradients of a backward pass"),
    ];
    for (value, word) in kinds {
        let error = told(&format!("nn::sequential([{value}])"));
        assert!(error.ends_with(&format!("received: {word}")), "{error}");
    }
}

#[test]
fn names_of_parts_that_could_be_two() {
    insta::assert_snapshot!(told("nn::network(#{ \"a.b\": nn::relu() }, |self, x| x)"), @"error[name]: nn::network: a part cannot have this name | expected: a name without dots | received: 'a.b'");
    insta::assert_snapshot!(told("nn::network([[\"a\", nn::relu()], [\"a\", 5]], |self, x| x)"), @"error[name]: nn::network: two parts have one name | received: 'a' again");
    all_hold(&[
        "nn::network(#{ names: #{ \"a.b\": 1 } }, |self, x| x * self.names[\"a.b\"]).forward(tensor([2])).item() == 2",
    ]);
}

#[test]
fn an_empty_batch_goes_through() {
    let layers = [
        ("nn::group_norm(2, 4)", "[0, 4, 3]", "[0, 4, 3]"),
        ("nn::layer_norm(4)", "[0, 4]", "[0, 4]"),
        ("nn::rms_norm(4)", "[0, 4]", "[0, 4]"),
        ("nn::batch_norm1d(4)", "[0, 4]", "[0, 4]"),
        ("nn::batch_norm1d(4).eval()", "[0, 4]", "[0, 4]"),
        ("nn::batch_norm2d(4)", "[0, 4, 2, 2]", "[0, 4, 2, 2]"),
        ("nn::linear(4, 2)", "[0, 4]", "[0, 2]"),
        ("nn::conv2d(4, 2, 1)", "[0, 4, 3, 3]", "[0, 2, 3, 3]"),
        ("nn::gru(4, 2)", "[0, 3, 4]", "[0, 3, 2]"),
        ("nn::lstm(4, 2, #{ bidirectional: true })", "[0, 3, 4]", "[0, 3, 4]"),
        ("nn::attention(4, 2)", "[0, 3, 4]", "[0, 3, 4]"),
        ("nn::transformer_block(4, 2)", "[0, 3, 4]", "[0, 3, 4]"),
        ("nn::squeeze_excite(16)", "[0, 16, 3, 3]", "[0, 16, 3, 3]"),
        ("nn::embedding(4, 2, #{ padding_idx: 0 })", "[0, 3]", "[0, 3, 2]"),
    ];
    for (layer, input, output) in layers {
        all_hold(&[&format!(
            "let net = {layer}; let before = net.state();
             let x = tensor::zeros({input}); if net.kind == \"embedding\" {{ x = x.to(\"i64\") }}
             let y = net.forward(x);
             let g = y.sum().backward();
             let names = net.trainable();
             y.shape == {output} && net.state() == before
                 && names.all(|name| g.of(net.weight(name)).abs().sum() == 0)"
        )]);
    }
}

#[test]
fn corners_of_layers() {
    all_hold(&[
        // The padding's row keeps its numbers and learns nothing.
        "let net = nn::embedding(3, 2, #{ padding_idx: -1 });
         let start = net.weight(\"weight\").detach();
         let x = tensor([[0, 2], [2, 0]]);
         let g = grad(net.forward(x).sum(), net.weight(\"weight\"));
         start[2].abs().sum().item() == 0.0 && g.to_array() == [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]",
        "let net = nn::sequential([nn::linear(2, 3), nn::relu()]);
         let taps = net.forward_taps(tensor::ones([4, 2]), [\"0\", \"0\", \"1\"]).taps;
         taps.len() == 2 && taps[\"0\"].shape == [4, 3]",
        // A finite gradient whose sum is not.
        "let net = nn::linear(4, 1, #{ bias: false }).init(\"*\", \"zeros\");
         let o = optim::sgd(#{ lr: 1e-38 });
         o.step(net, net.forward(tensor::full([1, 4], 3e38)).sum()) && (net.weight(\"weight\") + 3).abs().max().item() < 1e-3",
        "let net = nn::sequential([nn::linear(2, 3), nn::batch_norm1d(3), nn::network(#{ w: nn::parameter(tensor([5.0])) }, |self, x| x * self.w)]);
         net.forward(tensor::ones([4, 2]) * tensor([[1], [2], [3], [4]]));
         net.reset(3);
         let all = net.state();
         all[\"1.running_mean\"].abs().sum().item() == 0.0 && all[\"2.w\"].item() == 5.0",
        "let one = nn::linear(2, 3); let two = nn::linear(2, 3);
         one.reset(4).state() == two.reset(4).state() && one.state() != two.reset(5).state()",
    ]);
}
