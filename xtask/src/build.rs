//! `cargo xtask build`: the deployable site in `dist/`.

use crate::process::{dist_dir, run};
use crate::{setup, sizes};
use anyhow::Result;

/// `args` go to `trunk build`. Trunk calls [`crate::post_build`] before it puts `dist/` in place.
pub fn build(args: &[String]) -> Result<()> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    run(setup::trunk()?.args(["build", "--release"]).args(args))?;
    sizes::report(&dist_dir())
}
