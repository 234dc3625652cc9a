//! Tells the crate which Tokio it is built with, and sets up the link of the addon.

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let lock = std::fs::read_to_string("Cargo.lock").expect("Cargo.lock stands beside build.rs");
    println!("cargo::rustc-env=TOKIO_VERSION={}", locked_version(&lock, "tokio"));
    #[cfg(feature = "node")]
    napi_build::setup();
}

/// The version of `package` in the text of a Cargo.lock, where it follows the name.
fn locked_version<'a>(lock: &'a str, package: &str) -> &'a str {
    lock.split_once(&format!("name = \"{package}\"\nversion = \""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version)
        .expect("Cargo.lock names the package")
}
