//! Makes the program anew when the interface was built anew: the embedding macro does not see new files by itself.

fn main() {
    println!("cargo:rerun-if-changed=../../ui/dist");
}
