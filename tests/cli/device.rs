//! `--device`, `--precision` and `still doctor`.

use crate::support::{Sandbox, TINY};
use serde_json::Value;

/// The line of a device in `still doctor --json`.
fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

#[test]
fn the_processor_is_always_there_and_multiplies_right() {
    let sandbox = Sandbox::new();
    let ran = sandbox.still(&["doctor", "--json"]).good();
    let own = &lines(&ran.out)[0];
    assert_eq!(own["device"], "cpu");
    let error = own["matmul"]["error"].as_f64().expect("an error");
    assert!(error > 0.0 && error < 1e-5, "{own}");
    assert!(own["matmul"]["seconds"].as_f64().expect("a time") > 0.0, "{own}");
    let numbers = own["dtypes"].as_array().expect("types");
    assert!(numbers.contains(&"f32".into()) && numbers.contains(&"i64".into()), "{own}");
    let told = sandbox.still(&["doctor"]).good().out;
    assert!(told.starts_with("DEVICE  NAME"), "{told}");
    for (family, built) in [("wgpu", cfg!(feature = "wgpu")), ("cuda", cfg!(feature = "cuda"))] {
        let hint =
            format!("{family}: not in this build (`cargo install --path . --features {family}`)");
        assert_eq!(told.contains(&hint), !built, "{told}");
    }
}

#[test]
fn without_a_driver_nothing_fails() {
    let sandbox = Sandbox::new();
    let bare = |arguments: &[&str]| {
        let mut command = sandbox.command();
        // No driver of Vulkan or OpenGL, no library of CUDA's.
        for variable in ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"] {
            command.env(variable, "/nowhere");
        }
        for variable in ["__EGL_VENDOR_LIBRARY_FILENAMES", "__EGL_VENDOR_LIBRARY_DIRS"] {
            command.env(variable, "/nowhere");
        }
        command.env("LD_LIBRARY_PATH", "/nowhere").env_remove("STILL_DEVICE");
        sandbox.finish(command.args(arguments).output().expect("the binary"))
    };
    let told = bare(&["doctor"]).good().out;
    assert!(told.contains("--device auto takes cpu"), "{told}");
    let told = bare(&["eval", "tensor([1, 2]).device", "--device", "auto"]).good();
    assert_eq!(told.out.trim(), "cpu");
    let ran = bare(&["eval", "1", "--device", "wgpu"]);
    assert_eq!(ran.code, 2);
    let error = ran.error();
    match cfg!(feature = "wgpu") {
        true => insta::assert_snapshot!(error, @r"
        error[usage]: --device: this machine has no such device, or no driver for one
          expected: cpu, or auto, which falls back to it
          received: wgpu
          hint: on Linux a card needs its Vulkan driver (`vulkaninfo --summary` shows them)
        "),
        false if cfg!(not(feature = "cuda")) => insta::assert_snapshot!(error, @r"
        error[usage]: --device: this build does not reach such devices
          expected: cpu
          received: wgpu
          hint: build it with `cargo install --path . --features wgpu`
        "),
        false => {}
    }
}

#[test]
fn names_of_no_device() {
    let sandbox = Sandbox::new();
    let error = |device: &str| sandbox.still(&["eval", "1", "--device", device]).error();
    insta::assert_snapshot!(error("gpu"), @r"
    error[usage]: --device: no device is called that
      expected: auto, cpu, wgpu, wgpu:N, cuda or cuda:N
      received: gpu
      hint: graphics cards are called wgpu, whatever reaches them
    ");
    insta::assert_snapshot!(error("cuda:first"), @r"
    error[usage]: --device: no device is called that
      expected: auto, cpu, wgpu, wgpu:N, cuda or cuda:N
      received: cuda:first
      hint: `still doctor` lists the devices of this machine
    ");
    let mut command = sandbox.command();
    command.env("STILL_DEVICE", "tpu").args(["eval", "1"]);
    let ran = sandbox.finish(command.output().expect("the binary"));
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --device: no device is called that
      expected: auto, cpu, wgpu, wgpu:N, cuda or cuda:N
      received: tpu
      hint: it comes from the environment, from STILL_DEVICE
    ");
}

#[test]
fn precisions_that_a_device_does_not_have() {
    let sandbox = Sandbox::new();
    let told = |more: &[&str]| sandbox.still(&[&["eval", "1", "--device", "cpu"], more].concat());
    assert_eq!(told(&["--precision", "f32"]).good().out.trim(), "1");
    insta::assert_snapshot!(told(&["--precision", "f16"]).error(), @r"
    error[usage]: --precision: the processor computes in single precision
      expected: f32
      received: f16 on cpu
      hint: half precision is for graphics cards: --device wgpu or cuda
    ");
    insta::assert_snapshot!(told(&["--precision", "f61"]).error(), @r"
    error[name]: --precision: unknown precision 'f61'
      hint: did you mean 'f16'?
    ");
}

#[test]
fn graphs_are_noted_on_the_processor() {
    let ran = Sandbox::new().still(&["export", "last", "--device", "wgpu"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --device: graphs are noted and compared on the processor
      expected: no --device, or cpu
      received: wgpu
    ");
}

/// How often the host read a tensor in each part of a stage, over how many times.
fn reads(sandbox: &Sandbox, stage: &str) -> Vec<(String, u64, u64)> {
    let file = sandbox.run_folder().join("profile").join(format!("{stage}.json"));
    let trace: Value =
        serde_json::from_slice(&std::fs::read(file).expect("a trace")).expect("JSON");
    let parts = trace["otherData"]["parts"].as_array().expect("parts").clone();
    let number = |part: &Value, key: &str| part[key].as_u64().expect("a count");
    parts
        .iter()
        .map(|part| {
            let name = part["part"].as_str().expect("a name").to_string();
            (name, number(part, "host_reads"), number(part, "count"))
        })
        .collect()
}

/// Each read makes a graphics card wait. A step reads once: the loss and a number for each gradient, together.
#[test]
fn a_step_reads_one_small_tensor() {
    let sandbox = Sandbox::new();
    // Also where gradients are cut.
    let cut = "batch: 8,\n    optimizer: optim::adam(#{ clip_norm: 1 }),";
    sandbox.run(&TINY.replace("batch: 8,", cut), &["--profile"]).good();
    for stage in ["teacher", "student"] {
        for (part, reads, count) in reads(&sandbox, stage) {
            match part.as_str() {
                "checks" => assert_eq!(reads, count, "{stage}: a step"),
                // All that is wanted of a batch at once, and there is one here.
                "evaluation" => assert_eq!(reads, count, "{stage}: a batch"),
                "logging" | "preparing" => {}
                _ => assert_eq!(reads, 0, "{stage}: {part}"),
            }
        }
    }
}

/// Only where the tests run on a card that has 16 bits: `STILL_DEVICE=wgpu`.
#[test]
fn half_precision_is_close_and_loses_no_small_gradient() {
    const ACT: &str = r"
        let net = nn::linear(64, 8);
        let x = (tensor::arange(256) * 0.37).sin().reshape([4, 64]).requires_grad();
        let y = net.forward(x);
        let slopes = (y * 1e-9).sum().backward().of(x);
        [y.sum().item(), (slopes * 1e9).abs().sum().item()]";
    let sandbox = Sandbox::new();
    let listed = lines(&sandbox.still(&["doctor", "--json"]).out);
    let name = stillroom::tensor::Device::default().name();
    let own = listed.iter().find(|line| line["device"] == name.as_str());
    let has = own
        .and_then(|own| own["dtypes"].as_array())
        .is_some_and(|all| all.iter().any(|kind| kind == "f16"));
    if name == "cpu" || !has {
        eprintln!("skipped: {name} has no numbers of 16 bits");
        return;
    }
    let told = |precision: &str| -> Vec<f64> {
        let ran = sandbox.still(&["eval", ACT, "--device", &name, "--precision", precision]).good();
        serde_json::from_str(ran.out.trim()).expect("two numbers")
    };
    let (whole, half) = (told("f32"), told("f16"));
    for (whole, half) in whole.iter().zip(&half) {
        let off = (whole - half).abs() / whole.abs();
        assert!(off > 1e-7 && off < 2e-3, "{whole} and {half}");
    }
}
