//! The README's tables of nodes and policies are those of the program.

use std::fmt::Write;
use switchyard::node::{KINDS, families};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const FROM: &str = "<!-- tables -->\n";
const TO: &str = "<!-- /tables -->";

fn tables() -> String {
    let mut text = String::from("\n| node | what it is |\n|---|---|\n");
    for kind in KINDS {
        writeln!(text, "| `{}` | {} |", kind.id, kind.summary).expect("a string takes all");
    }
    for family in families() {
        write!(text, "\n| {} (`{}`) | what it does | source |\n|---|---|---|\n", family.name, family.id)
            .expect("a string takes all");
        for policy in (family.policies)() {
            writeln!(text, "| `{}` | {} | {} |", policy.id, policy.summary, policy.source)
                .expect("a string takes all");
        }
    }
    text.push('\n');
    text
}

/// `UPDATE_README=1` writes them.
#[test]
fn the_readme_has_the_tables_of_the_program() {
    let readme = std::fs::read_to_string(README).expect("there is a README");
    let (before, rest) = readme.split_once(FROM).expect("the tables begin");
    let (found, after) = rest.split_once(TO).expect("the tables end");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(README, format!("{before}{FROM}{}{TO}{after}", tables())).expect("it can be written");
    } else {
        assert!(
            found == tables(),
            "the README is behind the tables: UPDATE_README=1 cargo test --test readme"
        );
    }
}
