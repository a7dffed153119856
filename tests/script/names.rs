//! What the words of a recipe stand for, told from its text alone.

use stillroom::script::names::{Binding, Names, Role};

/// The name that stands at `«…»` in a text, with the text without those marks.
fn marked(text: &str) -> (Names, usize) {
    let at = text.find('«').expect("a mark");
    let plain = text.replacen('«', "", 1);
    (Names::of(&plain), at)
}

/// Where the word at the mark is bound and used: `line:column` from 1, sorted.
fn references(text: &str) -> String {
    let (names, at) = marked(text);
    let index = names.symbol_at(at).unwrap_or_else(|| panic!("no name: {:?}", names.at(at)));
    let spans = names.references(index);
    let words: Vec<String> =
        spans.iter().map(|span| format!("{}:{}", span.line, span.column + 1)).collect();
    words.join(" ")
}

fn undefined(text: &str) -> Vec<String> {
    let told = |one: &stillroom::script::names::Undefined| {
        let scope = if one.global { "global::" } else { "" };
        let note = if one.top_level { " (top level)" } else { "" };
        format!("{}:{} {scope}{}{note}", one.span.line, one.span.column + 1, one.name)
    };
    Names::of(text).undefined().iter().map(told).collect()
}

fn visible(text: &str) -> Vec<String> {
    let (names, at) = marked(text);
    let name = |index: usize| names.symbol(index).expect("a name").name.clone();
    names.visible(at).into_iter().map(name).collect()
}

#[test]
fn a_name_is_seen_from_the_end_of_its_statement() {
    assert_eq!(references("let a = 1; let «a = a + 1; a"), "1:16 1:27");
    assert_eq!(references("let «a = 1; let a = a + 1; a"), "1:5 1:20");
    assert_eq!(references("let a = 1; { let «a = 2; a } a"), "1:18 1:25");
    assert_eq!(references("let «a = 1; { let a = 2; a } a"), "1:5 1:29");
}

#[test]
fn blocks_bind_for_themselves() {
    let text =
        "for (x, i) in [1] { x + i } try { } catch (e) { e } let «f = |x, y| x + y; f.call(1, 2)";
    assert_eq!(references(text), "1:57 1:75");
    assert_eq!(references("for («x, i) in [1] { x + i }"), "1:6 1:21");
    assert_eq!(references("let f = |«x| if x { x } else { x }; let x = 1;"), "1:10 1:16 1:20 1:31");
    assert_eq!(references("let f = |«x| #{ a: x }.a + x;"), "1:10 1:19 1:27");
    assert_eq!(references("let f = |«x, y| [x, y.map(|x| x)];"), "1:10 1:17");
    assert_eq!(references("try { } catch («e) { print(e) }"), "1:16 1:27");
    assert_eq!(
        undefined("for x in [1] { } x; try {} catch (e) {} e; let f = |y| y; y"),
        ["1:18 x", "1:41 e", "1:59 y"]
    );
}

#[test]
fn functions_see_parameters_imports_and_nothing_else() {
    let text = "import \"std/hinton\" as h;\nlet lambda = 1;\nconst TAU = 2;\n\
                fn loss(ctx, s) { h::soft(s, ctx, lambda) * TAU * global::TAU + global::lambda + q }";
    assert_eq!(
        undefined(text),
        [
            "4:35 lambda (top level)",
            "4:45 TAU (top level)",
            "4:73 global::lambda (top level)",
            "4:82 q"
        ]
    );
    let text = "import \"a\" as «h;\nfn f() { h::g(); h::X }\nh::g()";
    assert_eq!(references(text), "1:15 2:10 2:18 3:1");
    let text = "const «TAU = 2; fn f() { global::TAU }\nTAU";
    assert_eq!(references(text), "1:7 1:33 2:1");
}

#[test]
fn functions_are_found_wherever_they_stand() {
    let text = "let x = «f(1);\nlet g = Fn(\"f\");\nx.f();\nfn f(a) { f(a, 1) }\nfn f(a, b) { if is_def_fn(\"f\", 2) { a } }";
    // A method call hands the value on as `this`: `x.f()` has no parameter, so it is none of these.
    assert_eq!(references(text), "1:9 2:13 4:4 4:11 5:4 5:28");
    let (names, at) = marked("let x = 1; x.«g(2); fn g(a) { this + a }");
    assert_eq!(
        names.symbol(names.symbol_at(at).expect("g")).expect("g").binding,
        Binding::Function
    );
}

#[test]
fn keys_properties_and_strings_are_no_names() {
    let text = "let lr = 1; let m = #{ lr: lr, \"lr\": 2 }; m.lr; `lr ${lr + `${lr}`} lr`; 'l'; \"lr\" // lr\n/* lr */ lr";
    assert_eq!(references(&text.replacen("lr", "«lr", 1)), "1:5 1:28 1:55 1:63 2:10");
    let names = Names::of(text);
    let keys = &names.literals()[0].keys;
    assert_eq!(keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["lr", "lr"]);
    assert_eq!(
        undefined("`${a} ${`${b}`}`; #\"${c}\"#; \"${d}\"; a.b.c; x?.y"),
        ["1:4 a", "1:12 b", "1:37 a", "1:44 x"]
    );
}

#[test]
fn every_undefined_name_is_told_at_once() {
    let text =
        "let a = b;\nfn f(x) { y + x.z + g(w) }\nlet m = #{ k: v };\nswitch u { 1 => t, _ => s }";
    assert_eq!(
        undefined(text),
        ["1:9 b", "2:11 y", "2:23 w", "3:15 v", "4:8 u", "4:17 t", "4:25 s"]
    );
    assert!(undefined("kd::kl(1, 2); this.x; global::f(); fn f() {}").is_empty());
}

#[test]
fn a_text_that_breaks_off_is_read_too() {
    assert_eq!(visible("let a = 1;\nfn f(x, y) {\n let b = x;\n b.«"), ["b", "y", "x", "f"]);
    assert_eq!(visible("let a = optim::adam(#{ lr: «\nlet b = 2;\nfn f() { a }"), ["f"]);
    let text = "fn f(a) { if a { let c = foo(a, \nfn g(«b) { b }";
    assert_eq!(references(text), "2:6 2:11");
    for text in [
        "fn",
        "fn f",
        "fn f(",
        "let",
        "let x =",
        "|",
        "|x",
        "`${",
        "\"",
        "'",
        "#{",
        "a::",
        "/*",
        "}",
        ")))",
        "import",
        "for",
        "for x",
        "catch (",
        "0x",
        "1.",
        "1e",
        "#\"",
        "é",
        "\\",
        "fn f(a) }",
    ] {
        let names = Names::of(text);
        for at in 0..=text.len() {
            names.visible(at);
            names.at(at);
            names.call_at(at);
        }
    }
}

#[test]
fn calls_and_maps_know_what_they_belong_to() {
    let text = "train(model::cnn(#{ classes: 3 }), common + #{ optimizer: optim::adam(#{ groups: [#{ names: 1 }] }) });\nlet own = #{ a: #{ b: 1 } };";
    let names = Names::of(text);
    let told: Vec<String> = names
        .literals()
        .iter()
        .map(|map| {
            let call = map.call.map(|call| names.calls()[call].full_name());
            let under = map.under.as_ref().map(|(_, key)| key.as_str());
            let variable = map.variable.map(|index| names.symbols()[index].name.as_str());
            format!("{:?} {:?} {:?}", call.as_deref(), under, variable)
        })
        .collect();
    assert_eq!(
        told,
        [
            "Some(\"model::cnn\") None None",
            "Some(\"train\") None None",
            "Some(\"optim::adam\") None None",
            "None Some(\"groups\") None",
            "None None Some(\"own\")",
            "None Some(\"a\") None"
        ]
    );
    let call = &names.calls()[0];
    assert_eq!((call.count(), call.argument(text.find("common").expect("common"))), (2, 1));
}

#[test]
fn spans_count_characters_and_survive_windows_lines() {
    let names = Names::of("let ä = \"😀\";\r\nlet b = \"😀\" + c;\r\n");
    let one = &names.undefined()[0];
    assert_eq!((one.span.line, one.span.column, one.span.length), (2, 14, 1));
    assert_eq!(names.offset(2, 14), one.span.start);
    assert_eq!(names.offset(1, 999), "let ä = \"😀\";".len());
}

#[test]
fn doc_comments_go_with_their_function() {
    let names = Names::of(
        "//! File.\n/// Adds.\n///\n/// ```rhai\n/// f(1) == 1\n/// ```\nprivate fn f(a) { a }\n/** Other. */\nfn g() {}\n// no\nfn h() {}",
    );
    let docs: Vec<_> = names.functions().map(|(_, one)| (one.doc.as_str(), one.private)).collect();
    assert_eq!(docs, [("Adds.\n\n```rhai\nf(1) == 1\n```", true), ("Other.", false), ("", false)]);
    assert!(names.uses().iter().all(|one| !matches!(one.role, Role::Undefined)));
}

#[test]
fn what_compiles_has_no_undefined_name() {
    for folder in ["scripts", "stdlib"] {
        let entries = std::fs::read_dir(crate::support::root().join(folder)).expect(folder);
        let is_recipe = |entry: &std::fs::DirEntry| {
            entry.path().extension().is_some_and(|ending| ending == "rhai")
        };
        for entry in entries.flatten().filter(is_recipe) {
            let text = std::fs::read_to_string(entry.path()).expect("a text");
            let names = Names::of(&text);
            assert!(names.undefined().is_empty(), "{:?}: {:?}", entry.path(), names.undefined());
            assert!(names.functions().count() > 0, "{:?}", entry.path());
        }
    }
}
