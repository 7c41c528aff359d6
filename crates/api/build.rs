//! Sees to it that the program is built again when the web client that it embeds was.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist/browser");
}
