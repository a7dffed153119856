//! The protocol itself: beginning and end, rubbish, what is not known.

use super::client::Editor;
use serde_json::{Value, json};

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

#[test]
fn it_begins_and_ends_as_the_protocol_says() {
    let editor = Editor::new();
    assert_eq!(editor.leave(), 0);
    let mut editor = Editor::new();
    editor.notify("exit", Value::Null);
    assert_eq!(editor.code(), 1, "an exit without a shutdown");
    assert_eq!(Editor::new().hang_up(), 1);
    let mut editor = Editor::new();
    assert_eq!(editor.ask("shutdown", Value::Null), Value::Null);
    let late = editor.answer("textDocument/hover", json!({}));
    assert_eq!(code(&late), -32600);
    assert_eq!(editor.hang_up(), 0);
}

#[test]
fn nothing_is_answered_before_it_is_initialized() {
    let mut editor = Editor::silent();
    editor.notify("textDocument/didOpen", json!({ "nonsense": 1 }));
    let early = editor.answer("textDocument/hover", json!({}));
    assert_eq!(code(&early), -32002);
    editor.ask("initialize", json!({ "capabilities": {}, "processId": null, "rootUri": null }));
    let again = editor.answer("initialize", json!({ "capabilities": {} }));
    assert_eq!(code(&again), -32600);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn rubbish_is_answered_or_passed_over() {
    let mut editor = Editor::new();
    editor.write("GET / HTTP/1.1\r\n\r\n");
    editor.write("Content-Length: nonsense\r\n\r\n");
    editor.write("\r\n\r\nContent-Type: x\r\ncontent-length:2\r\n\r\n{]");
    let broken = editor.wait("an error", |message| message.get("error").is_some());
    assert_eq!((code(&broken), &broken["id"]), (-32700, &Value::Null));
    editor.write("Content-Length: 2\r\n\r\n\u{7f}\u{7f}");
    editor.wait("an error", |message| message["error"]["code"] == -32700);
    editor.send(&json!([1, 2]));
    editor.wait("an error", |message| message["error"]["code"] == -32600);
    editor.send(&json!({ "jsonrpc": "2.0", "id": 7, "params": {} }));
    let odd = editor.wait("an error", |message| message["id"] == 7);
    assert_eq!(code(&odd), -32600);
    let wrong = editor.answer("textDocument/hover", json!({ "position": "here" }));
    assert_eq!(code(&wrong), -32602);
    let unknown = editor.answer("textDocument/shine", json!({}));
    assert_eq!(code(&unknown), -32601);
    let unknown = editor.answer("$/nothing", Value::Null);
    assert_eq!(code(&unknown), -32601);
    editor.notify("$/nothing", json!({ "x": 1 }));
    editor.notify("textDocument/didChange", json!({ "x": 1 }));
    editor.change("never_opened.rhai", 2, json!([{ "text": "" }]));
    let closed = json!({ "textDocument": { "uri": "file:///never_opened.rhai" } });
    editor.notify("textDocument/didClose", closed.clone());
    let place = json!({ "line": 0, "character": 0 });
    let params = json!({ "textDocument": closed["textDocument"], "position": place });
    assert_eq!(code(&editor.answer("textDocument/hover", params)), -32602);
    assert!(editor.hover("let x‸ = 1;").contains("let x"));
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_is_cancelled_before_its_turn_is_not_worked_out() {
    let mut editor = Editor::new();
    let params = editor.at("let x‸ = 1;");
    // One write, so that all of it waits when the first is taken up.
    let message = |value: Value| {
        let text = value.to_string();
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    };
    let mut all = String::new();
    for id in 100..200 {
        all += &message(
            json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": params }),
        );
    }
    all +=
        &message(json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 199 } }));
    editor.write(&all);
    // Every request has one answer, and the one that was cancelled says so or came too late.
    for id in 100..200 {
        let answer = editor.wait("an answer", |message| message["id"] == id);
        let cancelled = answer["error"]["code"] == -32800;
        assert!(answer.get("result").is_some() || cancelled && id == 199, "{answer}");
    }
    assert_eq!(editor.leave(), 0);
}

#[test]
fn columns_count_what_the_editor_counts() {
    let text = "let ä = \"😀\"; let y‸ = 1;\r\nlet z = y;";
    let mut editor = Editor::new();
    let params = editor.at(text);
    let found = editor.ask("textDocument/definition", params);
    assert_eq!(found["range"]["start"]["character"], 18);
    let encodings = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
    let mut editor = Editor::with(encodings);
    editor.open("recipe.rhai", &text.replace('‸', ""));
    // Two bytes for ä, four for the face.
    let place = json!({ "line": 0, "character": 22 });
    let params = json!({ "textDocument": { "uri": editor.uri("recipe.rhai") }, "position": place });
    let found = editor.ask("textDocument/definition", params);
    assert_eq!(found["range"]["start"]["character"], 21);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn edits_of_ranges_add_up() {
    let mut editor = Editor::new();
    editor.open("recipe.rhai", "let ä = \"😀\";\r\nlet b = 2;\r\n");
    let range = |line: u32, from: u32, to: u32| {
        json!({
            "start": { "line": line, "character": from },
            "end": { "line": line, "character": to },
        })
    };
    editor.change(
        "recipe.rhai",
        2,
        json!([
            { "range": range(0, 11, 11), "text": " + `x`" },
            { "range": range(1, 4, 5), "text": "count" },
            { "range": range(9, 0, 99), "text": "let c = count;" },
        ]),
    );
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": editor.uri("recipe.rhai") } }),
    );
    let names: Vec<&str> =
        symbols.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["ä", "count", "c"]);
    let params = json!({
        "textDocument": { "uri": editor.uri("recipe.rhai") },
        "position": { "line": 2, "character": 9 },
    });
    let found = editor.ask("textDocument/definition", params);
    assert_eq!(found["range"]["start"], json!({ "line": 1, "character": 4 }));
    assert_eq!(editor.leave(), 0);
}
