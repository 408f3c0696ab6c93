//! Compiles the window's permissions in.

fn main() {
    // Custom patterns are not watched by tauri-build: without these lines a removed permission stays compiled in.
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    // Nor is the interface, which is compiled in as well: the window would go on showing the one before.
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*.json")
        .app_manifest(
            tauri_build::AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*.toml"),
        );
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error=could not compile the window's permissions: {error:#}");
        std::process::exit(1);
    }
}
