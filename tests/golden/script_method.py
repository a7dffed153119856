"""Conversions, reading back, and gradients taken inside a script."""
import torch

from cases import case, f32, fails, flags, i64, inf, nan, normal

CONVERSIONS = {"f32": lambda a: a.to(torch.get_default_dtype()), "i64": lambda a: a.to(torch.int64), "bool": lambda a: a.to(torch.bool)}
for word, operation in CONVERSIONS.items():
    case(f"method/to {word} from f32", f'a.to("{word}")', operation, f32([-2.9, -0.5, 0, 0.5, 1, 2.9]))
    case(f"method/to {word} from i64", f'a.to("{word}")', operation, i64([[-3, 0, 1, 7]]))
    case(f"method/to {word} from bool", f'to(a, "{word}")', operation, flags([True, False]))
case("method/to bool, NaN", 'a.to("bool")', lambda a: a.to(torch.bool), f32([nan, inf, -0.0]))
case("method/to keeps the graph", '(a.to("f32") * 2).sum()', lambda a: (a * 2).sum(), normal(3))
case("method/to i64 and back", 'a.to("i64").to("f32")', lambda a: a.detach().long().to(torch.get_default_dtype()), f32([1.5, -1.5]))
fails("method/to, no such dtype", 'a.to("f16")', None, f32([1]))

READ = {
    "tensor(a.shape)": lambda a: torch.tensor(a.shape),
    "tensor(a.rank)": lambda a: torch.tensor(a.ndim),
    "tensor(a.count)": lambda a: torch.tensor(a.numel()),
    'tensor(a.dtype == "f32")': lambda a: torch.tensor(True),
    'tensor(a.device == "cpu")': lambda a: torch.tensor(True),
    "tensor(a.to_array())": lambda a: a.detach().clone(),
    "tensor(to_array(a.transpose(0, 2)))": lambda a: a.detach().transpose(0, 2).clone(),
    "tensor(a.tracked)": lambda a: torch.tensor(True),
    "tensor(a.detach().tracked)": lambda a: torch.tensor(False),
    "tensor(a.shape[0] * a.shape[1])": lambda a: torch.tensor(6),
}
for script, operation in READ.items():
    case(f"method/{script}", script, operation, normal(2, 3, 2))
case("method/shape of nothing", "tensor(a.shape)", lambda a: torch.tensor(a.shape), f32([]).reshape(0, 3))
case("method/item of f32", "tensor(a.item())", lambda a: a.detach().clone().flatten(), f32([[0.1]]))
case("method/item of i64", "tensor(a.item())", lambda a: a.clone(), i64([2**53 + 1]))
case("method/item of bool", "tensor(a.item())", lambda a: a.clone(), flags([True]))
case("method/item of a sum", "a / a.detach().sum().item()", lambda a: a / a.detach().sum(), normal(4, mean=2.0))
case("method/to_array of i64", "tensor(a.to_array())", lambda a: a.clone(), i64([[1, 2], [3, 2**53 + 1]]))
case("method/to_array of bool", "tensor(a.to_array())", lambda a: a.clone(), flags([[True], [False]]))
case("method/dtype of i64", 'tensor([a.dtype == "i64", b.dtype == "bool"])', lambda a, b: torch.tensor([True, True]), i64([1]), flags([True]))
case("method/printed", 'let text = `${a}`; tensor([text.contains("f32"), text.contains("[2, 3]")])', lambda a: torch.tensor([True, True]), normal(2, 3))
for word in ('0.5', '"f32"', "#{ at: 1 }"):
    fails(f"method/a[{word}]", f"a[{word}]", None, normal(2))
fails("method/item of several", "a.item()", lambda a: torch.tensor(a.item()), normal(2))
fails("method/item of nothing", "a.item()", lambda a: torch.tensor(a.item()), f32([]))


def leaf(a):
    return a.detach().requires_grad_()


def gradient_of(operation):
    def differentiate(a):
        w = leaf(a)
        return torch.autograd.grad(operation(w).sum(), w)[0]
    return differentiate


def descended(a, b):
    w, target = a.detach(), b.detach()
    for _ in range(5):
        w = w - 0.5 * 2 * (w - target) / w.numel()
    return w


case("method/requires_grad, backward, of", "let w = a.requires_grad(); let g = (w ** 3).sum().backward(); g.of(w)", gradient_of(lambda w: w**3), normal(2, 3))
case("method/grad of one", "let w = a.requires_grad(); grad((w.exp() * w).sum(), w)", gradient_of(lambda w: w.exp() * w), normal(2, 3))
case("method/grad of several", "let w = a.requires_grad(); let v = b.requires_grad(); grad((w * v * v).sum(), [w, v])[1]",
     lambda a, b: 2 * a.detach() * b.detach(), normal(3), normal(3))
case("method/grad of an unused one", "let w = a.requires_grad(); let v = b.requires_grad(); grad((w * w).sum() + (v * 0).sum(), [w, v])[1]",
     lambda a, b: torch.zeros_like(b).detach(), normal(3), normal(2))
case("method/gradient descent", "let w = a.requires_grad();\nfor step in 0..5 {\n    let g = grad(mse(w, b), w);\n    w = (w.detach() - 0.5 * g).requires_grad();\n}\nw.detach()",
     lambda a, b: descended(a, b), normal(4), normal(4))
case("method/requires_grad of a result cuts the graph", "let w = (a * 2).requires_grad(); tensor(w.tracked)", lambda a: torch.tensor(True), normal(2))
case("method/requires_grad of i64 makes f32", "let w = a.requires_grad(); grad((w * w).sum(), w)", lambda a: 2.0 * a, i64([1, 2]))
case("method/detach", "a * a.detach()", lambda a: a * a.detach(), normal(3))
case("method/detach of a target", "((a - b.detach()) ** 2).mean()", lambda a, b: ((a - b.detach()) ** 2).mean(), normal(3), normal(3))
case("method/detach of i64", "a.detach() + 1", lambda a: a + 1, i64([1, 2]))
case("method/straight-through rounding", "a + (a.round() - a).detach()", lambda a: a + (a.round() - a).detach(), normal(5, scale=3.0))
case("method/no_grad", "a * no_grad(|| a.exp() * 2)", lambda a: a * (a.exp() * 2).detach(), normal(3))
case("method/no_grad is over after it", "let x = no_grad(|| a * 2); let y = a * 3; x + y", lambda a: (a * 2).detach() + a * 3, normal(3))
case("method/no_grad, tracked", "tensor(no_grad(|| (a * 2).tracked))", lambda a: torch.tensor(False), normal(2))
case("method/a gradient as a number", "let w = a.requires_grad(); let g = grad((w ** 2).sum(), w); a * g", lambda a: a * 2 * a.detach(), normal(3))
case("method/used many times", "let x = a;\nfor i in 0..10 { x = x * 0.5 + a; }\nx", lambda a: a * (0.5**10 + sum(0.5**k for k in range(10))), normal(3))
case("method/a gradient penalty as a value", "let w = a.requires_grad(); (grad((w ** 3).sum(), w).norm() - 1) ** 2", lambda a: ((3 * a.detach() ** 2).norm() - 1) ** 2, normal(4))
fails("method/backward of several numbers", "a.requires_grad().backward()", lambda a: a.backward(), normal(3))
fails("method/backward without a graph", "a.backward()", lambda a: a.backward(), i64([1]))
fails("method/second derivative", "let w = a.requires_grad(); let g = grad((w ** 3).sum(), w); grad(g.sum(), w)", None, normal(2))
fails("method/grad of a detached one", "let w = a.requires_grad(); grad((w.detach() * 2).sum(), w)", lambda a: torch.autograd.grad((a.detach() * 2).sum(), a)[0], normal(2))
