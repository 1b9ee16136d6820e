//! What is published besides the crate.

use std::{fs, process::Command};

use crate::support::{GLOWPLUG, peer};

fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[test]
fn the_crate_holds_what_it_is_built_from_and_nothing_else() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["package", "--list", "--allow-dirty", "--offline"]).current_dir(root());
    let output = cargo.output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let known =
        ["src/", "docs/src/", "migrations/", "Cargo.", "LICENSE-", "README.md", "schema.rs"];
    for file in ["src/lib.rs", "src/main.rs", "docs/src/reference/messages.md", "schema.rs"] {
        assert!(list.lines().any(|line| line == file), "{file} is missing");
    }
    let others: Vec<&str> =
        list.lines().filter(|line| !known.iter().any(|it| line.starts_with(it))).collect();
    let allowed = [
        ".cargo_vcs_info.json",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "clippy.toml",
        "diesel.toml",
        "docs/book.toml",
        "docs/style.md",
        "glowplug.toml",
        "rust-toolchain.toml",
        "rustfmt.toml",
    ];
    let strange: Vec<_> = others.into_iter().filter(|it| !allowed.contains(it)).collect();
    assert!(strange.is_empty(), "exclude them in Cargo.toml, or name them here: {strange:?}");
}

#[test]
fn every_package_has_the_version_of_the_crate() {
    let npm = fs::read_to_string(root().join("packaging/npm/package.json")).unwrap();
    let npm: serde_json::Value = serde_json::from_str(&npm).unwrap();
    assert_eq!(npm["version"], version());
    for (name, wanted) in npm["optionalDependencies"].as_object().unwrap() {
        assert!(!name.starts_with("glowplug-") || wanted == version(), "{name} {wanted}");
    }
    let hooks = fs::read_to_string(root().join("docs/src/tutorials/ci.md")).unwrap();
    assert!(hooks.contains(&format!("rev: v{}", version())), "the hooks of the CI tutorial");
}

/// The platform's package beside the wrapper, as npm lays them.
#[test]
fn the_npm_package_runs_the_program_of_its_platform() {
    let Some(node) = peer("node") else { return };
    let platform =
        Command::new(&node).args(["-p", "`${process.platform} ${process.arch}`"]).output();
    let platform = String::from_utf8(platform.unwrap().stdout).unwrap();
    let (os, cpu) = platform.trim().split_once(' ').unwrap();
    let dir = tempfile::Builder::new().prefix("glowplug-test-").tempdir().unwrap();
    let modules = dir.path().join("node_modules");
    let wrapper = modules.join("glowplug");
    fs::create_dir_all(&wrapper).unwrap();
    for file in ["package.json", "glowplug.js"] {
        fs::copy(root().join("packaging/npm").join(file), wrapper.join(file)).unwrap();
    }
    let run = || {
        let mut command = Command::new(&node);
        command.arg(wrapper.join("glowplug.js")).args(["url", "--database-url", "nonsense"]);
        let output = command.env_remove("GLOWPLUG_BINARY").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run();
    assert!(code == Some(1) && said.contains("no package of glowplug for"), "{said}");

    let made = Command::new("bash")
        .arg(root().join("packaging/npm/platform.sh"))
        .args([os, cpu, GLOWPLUG])
        .arg(modules.join(format!("glowplug-{os}-{cpu}")))
        .status();
    assert!(made.unwrap().success());
    let (code, said) = run();
    assert!(code == Some(1) && said.starts_with("url::unusable"), "{code:?} {said}");
}
