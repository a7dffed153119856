//! A parameter stays itself when its numbers change: what gradients belong to, and what closures within closures
//! have captured.

use super::host::{fails, holds};

#[test]
fn gradients_belong_to_a_parameter_whose_numbers_were_set() {
    let start = "
        let net = nn::linear(2, 1, #{ bias: false });
        net.set_weight(\"weight\", tensor([[1, 2]]));
        let x = tensor([[3, 5]]);
    ";
    let rest = [
        // Before and after: a step, by the leaf of then, by that of now, and after another set.
        "let g = net.forward(x).sum().backward();
         let then = net.weight(\"weight\");
         net.set_weight(\"weight\", tensor([[0, 0]]));
         let found = [g.of(then), g.of(net.weight(\"weight\"))];
         net.load(#{ weight: tensor([[1, 1]]) });
         found.push(g.of(net.weight(\"weight\")));
         found.all(|one| one.to_array() == [[3.0, 5.0]])
             && optim::sgd(#{ lr: 1 }).step(net, g)
             && net.weight(\"weight\").to_array() == [[-2.0, -4.0]]",
        // The same gradients twice.
        "let g = net.forward(x).sum().backward();
         let o = optim::sgd(#{ lr: 1 });
         o.step(net, g);
         o.step(net, g);
         net.weight(\"weight\").to_array() == [[-5.0, -8.0]]",
        // The output was made before the numbers were set.
        "let loss = net.forward(x).sum();
         net.lerp(net.copy(), 0.5);
         let g = loss.backward();
         g.of(net.weight(\"weight\")).to_array() == [[3.0, 5.0]]",
        // One loss of outputs before and after.
        "let one = net.forward(x).sum();
         net.set_weight(\"weight\", tensor([[7, 7]]));
         let g = (one + net.forward(x).sum()).backward();
         optim::sgd(#{ lr: 1 }).step(net, g);
         net.weight(\"weight\").to_array() == [[1.0, -3.0]]",
        // Another network's gradients are its own.
        "let other = net.copy();
         let g = net.forward(x).sum().backward();
         other.set_weight(\"weight\", tensor([[0, 0]]));
         g.of(other.weight(\"weight\")).to_array() == [[0.0, 0.0]]",
    ];
    for text in rest {
        holds(&format!("{start}{text}"));
    }
}

#[test]
fn closures_within_closures_bring_their_networks_along() {
    holds(
        r#"
        let body = nn::linear(2, 2);
        let inner = |x| body.forward(x).relu();
        let net = nn::network(|x| inner.call(inner.call(x)));
        let copy = net.copy();
        let x = tensor([[1.0, 2.0]]);
        let before = net.forward(x);
        optim::sgd(#{ lr: 0.1 }).step(copy, copy.forward(x).sum());
        net.names() == ["inner.body.weight", "inner.body.bias"]
            && net.taps() == ["inner.body"]
            && (net.forward(x) == before).all().item()
            && (net.part("inner.body").weight("bias") == body.weight("bias")).all().item()
    "#,
    );
    holds(
        r#"
        let gate = nn::linear(2, 2);
        let scale = nn::parameter(tensor([3.0]));
        let count = 0;
        let net = nn::network(#{
            body: nn::linear(2, 2).init("*", "ones"),
            ways: [|x| gate.forward(x) * scale, |x| x + 1],
            named: Fn("twice"),
        }, |self, x| {
            let y = self.body.forward(self.named.call(x));
            self.ways[0].call(y) + self.ways[1].call(y)
        });
        fn twice(x) { x * 2 }
        let x = tensor([[1.0, 2.0]]);
        let names = net.trainable();
        let leaves = names.map(|name| net.weight(name));
        let found = grad(net.forward(x).sum(), leaves);
        let by_hand = linear(x * 2, leaves[0], leaves[1]);
        let by_hand = linear(by_hand, leaves[2], leaves[3]) * leaves[4] + by_hand + 1;
        let expected = grad(by_hand.sum(), leaves);
        for i in 0..5 { assert_close(found[i], expected[i], 1e-5) }
        net.freeze("ways.*");
        net.trainable() == ["body.weight", "body.bias"] && net.names() == ["body.weight", "body.bias", "ways.0.gate.weight", "ways.0.gate.bias", "ways.0.scale"]
    "#,
    );
}

#[test]
fn a_closure_that_captures_itself_is_told() {
    let error = fails("let f = |x| x; f = |x| f.call(x); nn::network(f)");
    assert!(
        error.contains("does a closure capture a variable that holds the closure itself?"),
        "{error}"
    );
}
