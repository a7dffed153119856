"""Products of matrices, Einstein sums, distances and angles."""
import torch
import torch.nn.functional as F

from cases import case, f32, fails, flags, i64, inf, nan, normal, real

PRODUCTS = {
    "matrices": [(3, 5), (5, 2)],
    "odd lengths": [(3, 7), (7, 5)],
    "rows of one": [(1, 1), (1, 3)],
    "vectors": [(5,), (5,)],
    "matrix and vector": [(3, 5), (5,)],
    "vector and matrix": [(5,), (5, 2)],
    "batch and vector": [(2, 3, 4), (4,)],
    "vector and batch": [(3,), (2, 3, 4)],
    "batches": [(2, 3, 4), (2, 4, 2)],
    "batch and matrix": [(2, 3, 4), (4, 2)],
    "matrix and batch": [(3, 4), (2, 4, 2)],
    "batches of one": [(2, 1, 2, 3), (3, 3, 2)],
    "inner length 0": [(2, 0), (0, 3)],
    "outer length 0": [(0, 2), (2, 3)],
    "batch of length 0": [(0, 2, 3), (3, 2)],
}
for words, shapes in PRODUCTS.items():
    case(f"product/matmul, {words}", "matmul(a, b)", torch.matmul, *(normal(*shape) for shape in shapes))
case("product/@", "a @ b", torch.matmul, normal(2, 3), normal(3, 2))
case("product/@ of vectors", "a @ b", torch.matmul, normal(4), normal(4))
case("product/@ thrice", "a @ b @ c", lambda a, b, c: a @ b @ c, normal(2, 3), normal(3, 2), normal(2, 4))
case("product/@ binds as *", "2 * a @ b + c", lambda a, b, c: 2 * (a @ b) + c, normal(2, 3), normal(3, 2), normal(2))
case("product/@ after +", "c + a @ b", lambda a, b, c: c + a @ b, normal(2, 3), normal(3, 2), normal(2, 2))
case("product/@ of its own transpose", "a @ a.transpose(0, 1)", lambda a: a @ a.T, normal(3, 4))
case("product/@ of what was permuted", "a.permute([1, 2, 0]) @ b.transpose(-1, -2)", lambda a, b: a.permute(1, 2, 0) @ b.mT, normal(2, 3, 2), normal(3, 2, 2))
case("product/@ of what was expanded", "a.expand([2, 3]) @ b", lambda a, b: a.expand(2, 3) @ b, normal(1, 3), normal(3, 2))
case("product/matmul of i64", "a.matmul(b)", torch.matmul, i64([[1, 2], [3, 4]]), i64([[5], [-6]]))
case("product/matmul of infinities", "a @ b", torch.matmul, f32([[inf, 1], [nan, 1], [1, 2]]), f32([[1, 0.5], [1, 1]]), gradients=False)
case("product/a long inner length", "a @ b", torch.matmul, normal(1, 32, mean=0.5), normal(32, 1, mean=0.5))
for words, shapes in {"inner lengths": [(2, 3), (2, 3)], "batches": [(2, 2, 3), (3, 3, 2)], "vectors": [(3,), (4,)]}.items():
    fails(f"product/matmul, {words} do not fit", "a @ b", torch.matmul, *(normal(*shape) for shape in shapes))

case("product/outer", "outer(a, b)", torch.outer, normal(3), normal(4))
case("product/outer of i64", "a.outer(b)", torch.outer, i64([1, 2]), i64([3, -4, 5]))
case("product/outer with nothing", "outer(a, b)", torch.outer, normal(2), f32([]))
fails("product/outer of matrices", "outer(a, b)", torch.outer, normal(2, 2), normal(2))

EINSUMS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)],
    "bhqd,bhkd->bhqk": [(1, 2, 3, 2), (1, 2, 2, 2)],
    "bhqk,bkhd->bqhd": [(1, 2, 3, 2), (1, 2, 2, 3)],
    "i,j->ij": [(3,), (2,)],
    "i,i->": [(4,), (4,)],
    "ij, ij -> ij": [(2, 1), (2, 3)],
    "i,i->i": [(4,), (4,)],
    "ij,ij->": [(2, 3), (2, 3)],
    "ij,ij->j": [(2, 3), (2, 3)],
    "ij,j->i": [(2, 3), (3,)],
    "ij,k->kji": [(2, 3), (2,)],
    "ij->ji": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->j": [(2, 3)],
    "ii->i": [(3, 3)],
    "ii->": [(3, 3)],
    "bii->b": [(2, 3, 3)],
    "ij,jk,kl->il": [(2, 3), (3, 2), (2, 4)],
    "bi,ij,bj->b": [(3, 2), (2, 4), (3, 4)],
    "i,ij,j->": [(2,), (2, 3), (3,)],
    "nchw,nkhw->nck": [(2, 3, 2, 2), (2, 2, 2, 2)],
    "ij, jk -> ik": [(2, 3), (3, 2)],
    "ij,jk": [(2, 3), (3, 2)],
    "ba": [(2, 3)],
    "...ij,...jk->...ik": [(2, 1, 2, 3), (2, 3, 2)],
    "b...,b...->b": [(2, 3, 2), (2, 3, 2)],
    "ij,jk->ki": [(0, 3), (3, 2)],
    "ij,jk->ik ": [(2, 0), (0, 3)],
    "Ab,bC->AC": [(2, 3), (3, 2)],
}
for formula, shapes in EINSUMS.items():
    given = ", ".join("abc"[: len(shapes)])
    case(f"product/einsum {formula}", f'einsum("{formula}", {given})', lambda *inputs: torch.einsum(formula, *inputs),
         *(normal(*shape) for shape in shapes))
case("product/einsum of an array", 'einsum("ij,jk->ik", [a, b])', torch.matmul, normal(2, 3), normal(3, 2))
case("product/einsum of one tensor twice", 'einsum("ij,kj->ik", a, a)', lambda a: a @ a.T, normal(2, 3))
case("product/einsum of i64", 'einsum("ij,j->i", a, b)', lambda a, b: torch.einsum("ij,j->i", a, b), i64([[1, 2], [3, 4]]), i64([5, 6]))
case("product/einsum of what was permuted", 'einsum("ij,jk->ik", a.transpose(0, 1), b)', lambda a, b: a.T @ b, normal(3, 2), normal(3, 2))
for words, formula in {"lengths differ": "ij,jk->ik", "too many letters": "ijk,jk->ik", "unknown letter": "ij,kj->iz",
                       "one operand": "ij->ij", "a letter twice in the result": "ij,kj->ikk", "no letters": "i1,kj->k"}.items():
    fails(f"product/einsum, {words}", f'einsum("{formula}", a, b)', lambda a, b: torch.einsum(formula, a, b), normal(2, 3), normal(2, 3))

case("product/cdist", "cdist(a, b)", torch.cdist, normal(3, 4), normal(2, 4))
case("product/cdist of batches", "a.cdist(b)", torch.cdist, normal(2, 3, 4), normal(2, 2, 4))
case("product/cdist broadcast", "cdist(a, b)", torch.cdist, normal(2, 3, 4), normal(2, 4))
case("product/cdist of itself", "cdist(a, a)", lambda a: torch.cdist(a, a), normal(4, 3))
case("product/cdist of equals", "cdist(a, b)", torch.cdist, f32([[1, 2], [3, 5]]), f32([[1, 2], [0, 1]]))
case("product/cdist, close and far from 0", "cdist(a, b)", torch.cdist, f32([[100, 200], [300, 400]]), f32([[100.5, 200], [300, 401]]))
case("product/cdist of nothing", "cdist(a, b)", torch.cdist, f32([]).reshape(0, 2), normal(3, 2))
case("product/cdist, no columns", "cdist(a, b)", torch.cdist, f32([]).reshape(2, 0), f32([]).reshape(3, 0))
fails("product/cdist, columns do not fit", "cdist(a, b)", torch.cdist, normal(3, 4), normal(2, 3))

case("product/cosine_similarity", "cosine_similarity(a, b)", lambda a, b: F.cosine_similarity(a, b, dim=-1), normal(3, 4), normal(3, 4))
case("product/cosine_similarity along 0", "a.cosine_similarity(b, 0)", lambda a, b: F.cosine_similarity(a, b, dim=0), normal(3, 4), normal(3, 4))
case("product/cosine_similarity broadcast", "cosine_similarity(a.unsqueeze(1), b.unsqueeze(0))",
     lambda a, b: F.cosine_similarity(a[:, None], b[None], dim=-1), normal(3, 4), normal(2, 4))
case("product/cosine_similarity of vectors", "cosine_similarity(a, b)", lambda a, b: F.cosine_similarity(a, b, dim=-1), normal(5), normal(5))
case("product/cosine_similarity with zeros", "cosine_similarity(a, b)", lambda a, b: F.cosine_similarity(a, b, dim=-1),
     f32([[0, 0], [1, 2]]), f32([[1, 2], [2, 4]]), gradients=False)
case("product/normalize(1)", "a.normalize(1)", lambda a: F.normalize(a, dim=1), normal(3, 4))
case("product/normalize(-1)", "normalize(a, -1)", lambda a: F.normalize(a, dim=-1), normal(2, 3, 2))
case("product/normalize(0)", "a.normalize(0)", lambda a: F.normalize(a, dim=0), normal(5))
case("product/normalize of zeros", "a.normalize(1)", lambda a: F.normalize(a, dim=1), f32([[0, 0], [3, 4]]))
case("product/normalize of i64", "a.normalize(0)", lambda a: F.normalize(real(a), dim=0), i64([3, 4]))

case("product/linear", "linear(a, b, c)", F.linear, normal(3, 4), normal(5, 4), normal(5))
case("product/linear without bias", "linear(a, b)", F.linear, normal(3, 4), normal(5, 4))
case("product/linear of a batch", "a.linear(b, c)", F.linear, normal(2, 3, 4), normal(2, 4), normal(2))
case("product/linear of a vector", "linear(a, b, c)", F.linear, normal(4), normal(3, 4), normal(3))
case("product/linear of nothing", "linear(a, b, c)", F.linear, f32([]).reshape(0, 4), normal(3, 4), normal(3))
fails("product/linear, lengths do not fit", "linear(a, b)", F.linear, normal(3, 4), normal(4, 5))
fails("product/linear, bias too long", "linear(a, b, c)", F.linear, normal(3, 4), normal(5, 4), normal(4))
