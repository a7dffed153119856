//! Values that grow without end: an error before the memory is gone.

use super::host::{evaluate, fails};
#[cfg(target_os = "linux")]
use stillroom::tensor::memory::Memory;

/// Fails unless the script ends with these words.
#[track_caller]
fn ends(words: &str, script: &str) {
    let error = fails(script);
    assert!(error.contains(words), "{script}\n{error}");
}

#[test]
fn what_doubles() {
    ends("4000000 bytes at most, with all that is in it", "let s = \"x\"; loop { s += s; }");
    ends("1000000 elements at most, with all that is in it", "let a = [1]; loop { a.push(a); }");
    ends("1000000 entries at most", "let m = #{ a: 1 }; loop { m = #{ a: m, b: m }; }");
    ends("length of string too large", "let s = \"x\"; loop { s += s; }");
    ends("length of string too large", "let s = \"x\"; loop { s = `${s}${s}`; }");
    ends("size of array", "let a = [1]; loop { a.push(a); }");
    ends("size of array", "let a = [1]; loop { a = a + a; }");
    ends("size of array", "let a = [1]; loop { a = [a, a]; }");
    ends("size of object map", "let m = #{ a: 1 }; loop { m = #{ a: m, b: m }; }");
    ends("too large", "let m = #{ a: [1] }; loop { m.a.push(m); }");
    ends("size of array", "let b = blob(1, 0); loop { b.append(b); }");
    // Closures share what they capture.
    ends("size of object map", "let f = #{}; loop { let g = || f; f = #{ a: f, b: f }; }");
}

#[test]
fn what_becomes_huge_at_once() {
    let long = "let s = \"x\"; s.pad(3000000, \"x\");";
    ends("the string would be too long", &format!("{long} s.replace(\"x\", s)"));
    ends("the string would be too long", &format!("{long} s.replace('x', s)"));
    ends("the string would be too long", &format!("{long} s.replace(\"\", \"long\")"));
    ends("too large", &format!("{long} s.split(\"\")"));
    ends("too large", &format!("{long} s.to_chars()"));
    ends("too large", "let s = \"x\"; s.pad(1000000000000, \"x\");");
    ends("too large", "let a = []; a.pad(1000000000000, 1);");
    ends("too large", "blob(1000000000000, 1)");
    ends("too large", "let a = []; a.pad(900000, 1); a += a; a += a;");
    ends("that is too much for an array", "tensor::zeros([1000, 2000]).to_array()");
}

#[test]
fn replacing_still_replaces() {
    for (script, expected) in [
        ("let s = \"hello\"; s.replace(\"l\", \"LL\"); s", "heLLLLo"),
        ("let s = \"hello\"; s.replace('l', \"\"); s", "heo"),
        ("let s = \"hello\"; s.replace(\"ll\", '-'); s", "he-o"),
        ("let s = \"hello\"; s.replace('l', '-'); s", "he--o"),
        ("let s = \"\"; s.replace(\"\", \"a\"); s", ""),
    ] {
        assert_eq!(evaluate(script).expect(script).to_string(), expected, "{script}");
    }
}

#[test]
fn tensors_that_no_memory_holds() {
    let large = "let a = tensor::zeros([30000, 1]); let b = tensor::zeros([1, 30000]);";
    for script in [
        "tensor::zeros([1000000, 1000000])",
        "tensor::ones([9223372036854775807])",
        "tensor::arange(0, 9000000000000000000, 1)",
        "tensor::eye(1000000)",
        "tensor([1.0]).expand([100000, 100000])",
        "tensor([1.0]).repeat([10000000000])",
        "tensor([1.0]).pad([0, 10000000000])",
        &format!("{large} a + b"),
        &format!("{large} a.matmul(b)"),
        &format!("{large} einsum(\"ij,jk->ik\", [a, b])"),
        &format!("{large} where(a > b, a, b)"),
    ] {
        let error = fails(script);
        let told = ["too large", "not enough memory", "no such function", "no form of this"];
        assert!(told.iter().any(|words| error.contains(words)), "{script}\n{error}");
        assert!(!error.contains("internal"), "{script}\n{error}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_the_machine_has_is_known() {
    let memory = Memory::now().expect("Linux says how much memory there is");
    assert!(memory.own > 1 << 20 && memory.total > memory.reserve(), "{memory:?}");
    assert!(memory.available <= memory.total, "{memory:?}");
}
