//! The script that wasm-bindgen writes for the page's program: read, and written with what [`crate::split`] needs and
//! without what a first visit does not.

use anyhow::{Context, Result, bail};
use std::collections::{HashMap, HashSet};

/// Where it lists what it does for the program, and where that ends.
const FUNCTIONS: &str = "    const import0 = {
        __proto__: null,
";
const FUNCTIONS_END: &str = "    };
    return {
        __proto__: null,
        \"./switchyard-app_bg.js\": import0,
    };
";
/// What stands there for a program that reports where it comes ([`crate::split::observed`]).
const FUNCTIONS_END_OBSERVING: &str = "    };
    return {
        __proto__: null,
        \"./switchyard-app_bg.js\": import0,
        \"profile\": { entered: number => { (globalThis.__entered ??= new Uint8Array(1 << 20))[number] = 1; } },
    };
";
/// How the lines begin that name a function of the list.
const INDENT: &str = "        ";
/// Where its own ways to begin follow, and what stands there instead.
const BEGINNING: &str = "async function __wbg_load(module, imports) {";
const LINK: &str = include_str!("link.js");

/// What begins so at the outermost level, and what does instead: the first says what a value is that a panic's message names,
/// the others are for browsers of another decade, and to begin in another way.
const SIMPLER: [(&str, &str); 3] = [
    ("function debugString(val) {", "const debugString = String;\n"),
    ("if (!('encodeInto' in cachedTextEncoder)) {", ""),
    ("function initSync(module) {", ""),
];

/// As it was written.
pub struct Script {
    before: String,
    /// What it does for the program.
    pub functions: Vec<Function>,
    after: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// As the program imports it.
    pub name: String,
    pub text: String,
}

impl Script {
    /// # Errors
    /// When it does not look as those of the pinned wasm-bindgen do.
    pub fn read(text: &str) -> Result<Script> {
        let mut text = text.to_owned();
        for (begin, instead) in SIMPLER {
            let (before, rest) = cut(&text, begin)?;
            // What is in it is indented.
            let (_, after) = cut(rest, "\n}\n").context(begin)?;
            text = [before, instead, after].concat();
        }
        let (before, rest) = cut(&text, FUNCTIONS)?;
        let (list, after) = cut(rest, FUNCTIONS_END)?;
        let (after, _) = cut(after, BEGINNING)?;
        let mut functions: Vec<Function> = vec![];
        for line in list.lines() {
            let first = line.strip_prefix(INDENT).filter(|line| !line.starts_with([' ', '}']));
            if let Some(first) = first {
                let (name, text) = cut(first, ": ")?;
                functions.push(Function { name: name.to_owned(), text: format!("{text}\n") });
            } else {
                let function = functions.last_mut().with_context(|| format!("nothing before {line}"))?;
                function.text.extend([line.trim_start(), "\n"]);
            }
        }
        functions.iter_mut().for_each(|function| function.text = bare(&function.text));
        Ok(Script { before: bare(before), functions, after: bare(after) })
    }

    /// With the functions as a list, which [`LINK`] hands to both parts of the program; and with other names for what it
    /// shares with them.
    ///
    /// # Errors
    /// When it has no such name, or one of the others already.
    pub fn written(&self, names: &[(String, String)]) -> Result<String> {
        let functions: String = self.functions.iter().map(|function| &*function.text).collect();
        let script = [&*self.before, "return imports([\n", &functions, "]);\n", &self.after, LINK].concat();
        renamed(&script, names)
    }
}

/// The script for a program that reports where it comes.
///
/// # Errors
/// When it does not look as those of the pinned wasm-bindgen do.
pub fn observing(text: &str) -> Result<String> {
    let (before, after) = cut(text, FUNCTIONS_END)?;
    Ok([before, FUNCTIONS_END_OBSERVING, after].concat())
}

fn cut<'a>(text: &'a str, mark: &str) -> Result<(&'a str, &'a str)> {
    text.split_once(mark).with_context(|| format!("no {mark}"))
}

/// Without indentation; and what is returned needs no name.
fn bare(text: &str) -> String {
    let mut lines = text.lines().map(str::trim_start).peekable();
    let mut short = String::with_capacity(text.len());
    while let Some(line) = lines.next() {
        let value = line.strip_prefix("const ret = ");
        match value.filter(|_| lines.next_if_eq(&"return ret;").is_some()) {
            Some(value) => short.extend(["return ", value, "\n"]),
            None => short.extend([line, "\n"]),
        }
    }
    short
}

/// The script, with short names for what it shares with the program.
fn renamed(script: &str, names: &[(String, String)]) -> Result<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let words = || {
        script.split_inclusive(|c| !is_part(c)).map(|piece| (piece, piece.trim_end_matches(|c| !is_part(c))))
    };
    let known: HashSet<&str> = words().map(|(_, word)| word).collect();
    for (long, short) in names {
        if !known.contains(&**long) || known.contains(&**short) {
            bail!("the script does not name {long}, or something else {short}");
        }
    }
    let names: HashMap<&str, &str> = names.iter().map(|(long, short)| (&**long, &**short)).collect();
    Ok(words()
        .flat_map(|(piece, word)| [names.get(word).copied().unwrap_or(word), &piece[word.len()..]])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_key_1: function(arg0) {
            const ret = arg0.key;
            return ret;
        },
        __wbg_new_2: function() { return handleError(function (arg0) {
            if (arg0) {
                throw arg0;
            }
        }, arguments); },
        __wbg_log_3: function(arg0) {
            const ret = 2;
            log(ret, arg0);
        },
    };
    return {
        __proto__: null,
        \"./switchyard-app_bg.js\": import0,
    };
}
function debugString(val) {
    if (val) {
    }
}
function sent_1(arg0) {
    wasm.sent_1(arg0);
}
if (!('encodeInto' in cachedTextEncoder)) {
    old();
}
function initSync(module) {
    return old();
}
async function __wbg_load(module, imports) {
}
export { initSync, __wbg_init as default };
";

    #[test]
    fn a_script_is_a_list_of_functions_and_what_these_need() {
        let mut script = Script::read(WRITTEN).unwrap();
        let function = |name: &str, text: &str| Function { name: name.to_owned(), text: text.to_owned() };
        let functions = [
            function("__wbg_key_1", "function(arg0) {\nreturn arg0.key;\n},\n"),
            function(
                "__wbg_new_2",
                "function() { return handleError(function (arg0) {\nif (arg0) {\nthrow arg0;\n}\n}, arguments); },\n",
            ),
            function("__wbg_log_3", "function(arg0) {\nconst ret = 2;\nlog(ret, arg0);\n},\n"),
        ];
        assert_eq!(script.functions, functions);
        script.functions.remove(1);
        let text = script.written(&[("sent_1".to_owned(), "c0".to_owned())]).unwrap();
        let (own, link) = text.split_once(LINK).unwrap();
        assert_eq!(
            own,
            "function __wbg_get_imports() {
return imports([
function(arg0) {
return arg0.key;
},
function(arg0) {
const ret = 2;
log(ret, arg0);
},
]);
}
const debugString = String;
function c0(arg0) {
wasm.c0(arg0);
}
"
        );
        assert_eq!(link, "");
    }

    #[test]
    fn a_script_that_observes_is_the_same_but_for_one_import() {
        let observing = observing(WRITTEN).unwrap();
        let added: Vec<&str> = observing.lines().filter(|line| !WRITTEN.contains(line)).collect();
        assert!(matches!(added[..], [line] if line.trim_start().starts_with("\"profile\": { entered:")));
        assert_eq!(observing.replace(&format!("{}\n", added[0]), ""), WRITTEN);
    }

    #[test]
    fn another_script_is_refused() {
        for mark in ["initSync(", "encodeInto", "        __proto__", "switchyard-app", "__wbg_load"] {
            let problem = Script::read(&WRITTEN.replace(mark, "other")).err();
            assert!(problem.is_some(), "{mark}");
        }
    }

    #[test]
    fn names_are_words_of_the_script() {
        let names = |short: &str| [("sent_1".to_owned(), short.to_owned())];
        let script = "sent_1: wasm.sent_1(sent_10, '$')";
        assert_eq!(renamed(script, &names("c0")).unwrap(), "c0: wasm.c0(sent_10, '$')");
        assert!(renamed(script, &names("wasm")).is_err() && renamed("sent_10", &names("c0")).is_err());
    }
}
