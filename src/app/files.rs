//! Files that somebody hands to the page: a scenario, or a log to be replayed.

use super::incoming::{self, Incoming};
use switchyard::scenario::Checked;
use switchyard::scenario::replay::{self, Imported};

/// What was in a file.
pub enum Content {
    Scenario(Incoming),
    /// The present scenario with its clients replaying the log.
    Log(Box<Checked>, Imported),
}

/// The largest file that is read.
const BYTES_MAX: f64 = (switchyard::scenario::limits::FILE_BYTES) as f64;

/// What files can be that are no text, by the beginning of what the browser takes them for.
const NO_TEXT: [(&str, &str); 4] =
    [("image/", "a picture"), ("video/", "a film"), ("audio/", "a recording"), ("application/pdf", "a PDF")];

/// What is said of a file that cannot hold a log, a scenario or a link, whatever is in it.
pub fn no_text(file: &web_sys::File) -> Option<String> {
    let name = switchyard::algo::setting::shortened(&file.name());
    let (_, what) = NO_TEXT.into_iter().find(|(kind, _)| file.type_().starts_with(kind))?;
    Some(format!(
        "“{name}” is {what}. What can be opened is text: a log, a scenario that was saved, or a link."
    ))
}

/// Reads a file as a scenario if it looks like one, else as a log.
///
/// # Errors
/// A sentence, and details line by line.
pub async fn take(file: &web_sys::File, base: &Checked) -> Result<Content, (String, Vec<String>)> {
    let name = switchyard::algo::setting::shortened(&file.name());
    if file.size() > BYTES_MAX {
        let most = BYTES_MAX / 1024.0 / 1024.0;
        return Err((format!("“{name}” is larger than {most:.0} MiB."), vec![]));
    }
    if let Some(why) = no_text(file) {
        return Err((why, vec![]));
    }
    let bytes =
        super::dom::read(file).await.map_err(|why| (format!("“{name}” could not be read."), vec![why]))?;
    if looks_like_a_scenario(&file.name(), &bytes) {
        let text =
            std::str::from_utf8(&bytes).map_err(|_| (format!("“{name}” is not UTF-8 text."), vec![]))?;
        return incoming::scenario(text, &format!("“{name}”"))
            .map(Content::Scenario)
            .map_err(|notice| (notice.text, notice.details));
    }
    match replay::import(&bytes, &name, base) {
        Ok((scenario, imported)) => Ok(Content::Log(Box::new(scenario), imported)),
        Err(why) => Err((format!("“{name}” could not be used as a log."), vec![why])),
    }
}

/// Logs may be JSON too, but one object per line; a scenario is one object and names its nodes.
fn looks_like_a_scenario(name: &str, bytes: &[u8]) -> bool {
    let is_json = name.to_ascii_lowercase().ends_with(".json");
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).map_or(&[][..], |at| &bytes[at..]);
    let head = String::from_utf8_lossy(&start[..start.len().min(4096)]).into_owned();
    head.starts_with('{') && (head.contains("\"nodes\"") || head.contains("\"v\"") || is_json)
}
