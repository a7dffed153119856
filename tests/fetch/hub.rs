//! Weights from a hub that runs in the test: the routes and headers are those of the real one.

use super::server::Server;
use crate::support::{Ran, Sandbox};
use stillroom::models::hub::{PUBLISHED, Source};

const ROUTE: &str = "owner/repo/resolve/main/model.safetensors";

/// Weights of a linear layer, and much more, so that a cut has a middle.
fn weights() -> Vec<u8> {
    use stillroom::tensor::{Device, Tensor, store};
    let tensor = |values: Vec<f32>, shape: &[usize]| {
        Tensor::from_values(values, shape, &Device::default()).expect("a tensor")
    };
    let large = (0..300_000).map(|index| index as f32).collect();
    let all = [
        ("bias".to_string(), tensor(vec![0.5], &[1])),
        ("large".to_string(), tensor(large, &[300_000])),
        ("weight".to_string(), tensor(vec![1.0, 2.0], &[1, 2])),
    ];
    store::encode(&all).expect("a file")
}

fn sum(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hub with a file at this route, and its checksum as the etag.
fn hub(route: &str, bytes: &[u8]) -> Server {
    let server = Server::of(&[(route, bytes)]);
    server.manners().headers =
        format!("x-repo-commit: abc123\r\nx-linked-etag: \"{}\"\r\n", sum(bytes));
    server
}

fn still(sandbox: &Sandbox, server: &Server, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command();
    command.env("HF_HOME", sandbox.file("hf")).env("HF_ENDPOINT", &server.address);
    command.env_remove("HF_TOKEN").env_remove("HF_HUB_CACHE").args(arguments);
    let ran = sandbox.finish(command.output().expect("the binary"));
    let replace = |text: String| text.replace(&server.address, "HUB");
    Ran { code: ran.code, out: replace(ran.out), err: replace(ran.err) }
}

fn fetch(sandbox: &Sandbox, server: &Server, name: &str) -> Ran {
    still(sandbox, server, &["models", "fetch", name])
}

const USES: &str = r#"
let net = nn::linear(2, 1);
let report = net.load("hub:owner/repo", #{ allow: "large" });
assert(net.forward(tensor([[1.0, 1.0]])).item() == 3.5);
print(report);
"#;

#[test]
fn weights_are_fetched_once_and_found_by_recipes_without_a_network() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let server = hub(ROUTE, &bytes);
    sandbox.write("uses.rhai", USES);
    let before = still(&sandbox, &server, &["run", "uses.rhai"]);
    assert_eq!(before.code, 4);
    assert!(
        before.err.contains("these weights were not fetched to this machine"),
        "{}",
        before.err
    );
    assert!(before.err.contains("`still models fetch owner/repo` fetches them"), "{}", before.err);
    assert!(server.ranges().is_empty(), "a recipe asks no network");

    let ran = fetch(&sandbox, &server, "owner/repo").good();
    let place = "SANDBOX/hf/hub/models--owner--repo/snapshots/abc123/model.safetensors";
    assert!(ran.out.starts_with(&format!("{place}: 1.2 MB\n")), "{}", ran.out);
    assert!(
        ran.out.contains(&format!("SHA-256 {}, as the hub has it", sum(&bytes))),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("in a recipe: pretrained: \"hub:owner/repo\"\n"), "{}", ran.out);

    let asked = server.ranges().len();
    let ran = still(&sandbox, &server, &["run", "uses.rhai"]).good();
    assert!(format!("{}{}", ran.out, ran.err).contains("2 of 2 parameters loaded"), "{}", ran.out);
    assert_eq!(server.ranges().len(), asked, "a recipe asks no network");

    let again = fetch(&sandbox, &server, "owner/repo").good();
    assert!(again.out.contains("is there already"), "{}", again.out);
}

#[test]
fn a_download_that_is_cut_goes_on_where_it_was() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let server = hub(ROUTE, &bytes);
    // What is asked first is the length.
    server.manners().cuts.extend([1, 1, 500_000]);
    let ran = fetch(&sandbox, &server, "owner/repo").good();
    assert!(ran.out.contains(&sum(&bytes)), "{}", ran.out);
    assert!(server.ranges().contains(&"bytes=500000-".to_string()), "{:?}", server.ranges());
}

#[test]
fn a_process_that_was_killed_leaves_what_it_had() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let server = hub(ROUTE, &bytes);
    let blobs = "hf/hub/models--owner--repo/blobs";
    sandbox.write(&format!("{blobs}/{}.part", sum(&bytes)), &bytes[..700_000]);
    fetch(&sandbox, &server, "owner/repo").good();
    assert!(server.ranges().contains(&"bytes=700000-".to_string()), "{:?}", server.ranges());
    // All of it was there but for its name; and more than all.
    for extra in [0, 3] {
        let sandbox = Sandbox::new();
        let part = [bytes.as_slice(), &[7; 3][..extra]].concat();
        sandbox.write(&format!("{blobs}/{}.part", sum(&bytes)), part);
        let ran = fetch(&sandbox, &server, "owner/repo").good();
        assert!(ran.out.contains(&sum(&bytes)), "{}", ran.out);
    }
}

#[test]
fn a_file_with_another_checksum_is_removed() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let server = hub(ROUTE, &bytes);
    let wanted = sum(&bytes);
    server.manners().headers =
        format!("x-repo-commit: abc123\r\nx-linked-etag: \"{}\"\r\n", "0".repeat(64));
    let ran = fetch(&sandbox, &server, "owner/repo");
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("the file is another one than the hub has"), "{}", ran.err);
    assert!(
        ran.err.contains(&format!("received: {} bytes, SHA-256 {wanted}", bytes.len())),
        "{}",
        ran.err
    );
    sandbox.write("uses.rhai", USES);
    let ran = still(&sandbox, &server, &["run", "uses.rhai"]);
    assert!(ran.err.contains("these weights were not fetched to this machine"), "{}", ran.err);
    // What a disk has spoilt is fetched again.
    server.manners().headers = format!("x-repo-commit: abc123\r\nx-linked-etag: \"{wanted}\"\r\n");
    fetch(&sandbox, &server, "owner/repo").good();
    sandbox.write(&format!("hf/hub/models--owner--repo/blobs/{wanted}"), "spoilt");
    let ran = fetch(&sandbox, &server, "owner/repo").good();
    assert!(!ran.out.contains("already"), "{}", ran.out);
}

#[test]
fn what_a_hub_refuses_is_told_in_words() {
    let sandbox = Sandbox::new();
    let server = hub(ROUTE, &weights());
    let ran = fetch(&sandbox, &server, "owner/repo:weights/other.pt");
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("the hub has no such file"), "{}", ran.err);
    assert!(ran.err.contains("received: 'weights/other.pt' of owner/repo at main"), "{}", ran.err);
    for status in [401, 403] {
        server.manners().answers.push_back((status, String::new()));
        let ran = fetch(&sandbox, &server, "owner/repo");
        assert_eq!(ran.code, 4);
        assert!(ran.err.contains("the hub does not give it to everybody"), "{}", ran.err);
    }
    server.manners().answers.push_back((503, String::new()));
    let ran = fetch(&sandbox, &server, "owner/repo");
    assert!(ran.err.contains("received: status 503"), "{}", ran.err);
    // A server that is no hub, and one that would have files written elsewhere.
    for headers in [
        "",
        "x-repo-commit: ../../up\r\nETag: \"a\"\r\n",
        "x-repo-commit: a\r\nETag: \"../up\"\r\n",
    ] {
        server.manners().headers = headers.to_string();
        let ran = fetch(&sandbox, &server, "owner/repo");
        assert_eq!(ran.code, 4);
        assert!(ran.err.contains("the server answers as no hub does"), "{}", ran.err);
    }
    assert!(!sandbox.file("hf/hub/models--owner--repo/blobs").exists(), "nothing was written");
}

#[test]
fn redirections_to_where_the_bytes_are_are_followed() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let store = Server::of(&[("bytes/1", &bytes)]);
    let server = Server::of(&[]);
    let location = format!("Location: {}/bytes/1\r\n", store.address);
    let head = format!("{location}x-repo-commit: abc123\r\nx-linked-etag: \"{}\"\r\n", sum(&bytes));
    for _ in 0..3 {
        server.manners().answers.push_back((302, head.clone()));
    }
    let ran = fetch(&sandbox, &server, "owner/repo").good();
    assert!(ran.out.contains(&sum(&bytes)), "{}", ran.out);
}

/// As the hub answers for a repository that has another name now, and for small files.
#[test]
fn a_redirection_within_the_hub_is_followed_before_the_headers_are_read() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let moved = "new/name/resolve/main/model.safetensors";
    let server = hub(moved, &bytes);
    let location = format!("Location: /{moved}\r\n");
    server.manners().moved.insert(format!("/{ROUTE}"), location);
    let ran = fetch(&sandbox, &server, "owner/repo").good();
    assert!(ran.out.contains(&sum(&bytes)), "{}", ran.out);
}

#[test]
fn the_cache_is_where_the_environment_says() {
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let server = hub(ROUTE, &bytes);
    let mut command = sandbox.command();
    command.env("HF_HOME", sandbox.file("hf")).env("HF_HUB_CACHE", sandbox.file("shared cache"));
    command.env("HF_ENDPOINT", &server.address).args(["models", "fetch", "owner/repo"]);
    let ran = sandbox.finish(command.output().expect("the binary")).good();
    assert!(ran.out.starts_with("SANDBOX/shared cache/models--owner--repo/"), "{}", ran.out);
    assert!(!sandbox.file("hf").exists());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "owner/../x",
        "../repo",
        "owner/repo:../x",
        "owner/repo:/etc/passwd",
        "owner/repo:a/../../b",
        "owner/",
        "/repo",
        "owner/repo:",
        "owner/repo/more",
        "owner/repo@../up",
        "owner/repo:a\\b",
        "owner/re po",
        "owner/repo:a%2e%2e/b",
        "owner/repo:.hidden",
        "owner/repo?x:y",
        "ow\u{0}ner/repo",
    ] {
        let error = Source::named("a test", name).expect_err(name);
        assert!(error.to_string().contains("no name of weights"), "{name}: {error}");
    }
    let near = Source::named("a test", "efficientnet_b9").expect_err("no such name").to_string();
    assert!(near.contains("did you mean"), "{near}");
    let own = Source::named("a test", "owner/repo@v1.0:sub/model.pt").expect("a name");
    assert_eq!(own.to_string(), "owner/repo@v1.0:sub/model.pt");
    for own in PUBLISHED {
        Source::named("a test", own.repository).expect(own.name);
    }
}

#[test]
fn wrong_use_is_told() {
    let sandbox = Sandbox::new();
    let server = hub(ROUTE, &weights());
    let ran = still(&sandbox, &server, &["models", "fetch"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`still models fetch --list` shows the names"), "{}", ran.err);
    let ran = still(&sandbox, &server, &["models", "fetch", "resnet19"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean 'resnet1"), "{}", ran.err);
    let mut command = sandbox.command();
    command.env("HF_HOME", sandbox.file("hf")).env("HF_ENDPOINT", "somewhere");
    let ran =
        sandbox.finish(command.args(["models", "fetch", "resnet18"]).output().expect("the binary"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("HF_ENDPOINT is no address of the web"), "{}", ran.err);
    let list = still(&sandbox, &server, &["models", "fetch", "--list"]).good();
    assert!(list.out.contains("timm/efficientnet_b2.ra_in1k"), "{}", list.out);
    assert!(server.ranges().is_empty(), "nothing was asked");
}

#[test]
fn a_hub_that_says_nothing_is_given_up() {
    use std::time::{Duration, Instant};
    use stillroom::models::hub::Hub;
    let (sandbox, bytes) = (Sandbox::new(), weights());
    let server = hub(ROUTE, &bytes);
    server.manners().silence = Some((5_000, Duration::from_secs(40)));
    let hub =
        Hub::at("a test", &sandbox.file("hub"), Some(server.address.clone()), None).expect("a hub");
    let source = Source::named("a test", "owner/repo").expect("a name");
    let begun = Instant::now();
    let error = hub
        .with_patience(Duration::from_millis(300))
        .fetch(&source, &mut |_, _| {})
        .expect_err("no answer");
    assert!(error.to_string().contains("the server says nothing"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    // What came before stays.
    let blobs = sandbox.file("hub/models--owner--repo/blobs");
    let parts = std::fs::read_dir(blobs).expect("a cache").flatten();
    let parts: Vec<_> = parts.filter(|entry| entry.path().extension().is_some()).collect();
    assert!(!parts.is_empty());
}
