//! Has the linker note where the program's functions and data name data: `xtask` (its `data.rs`) takes from the page's
//! program what only the functions name that come later. And where the data lies.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_ARCH", "wasm32") {
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
        // A quarter less than 1 MiB: data lies behind the stack, and its addresses take three bytes of code, not four.
        println!("cargo::rustc-link-arg-bins=-zstack-size=786432");
    }
}
