//! Makes the samples anew when a file came or went: the embedding macro does not see that by itself.

fn main() {
    println!("cargo:rerun-if-changed=../../samples");
}
