//! The shortener as a server runs it. A request's key stands for the URL.

use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::{Draw, Outcome};
#[cfg(feature = "whole")]
use crate::systems::ServiceView;
use crate::systems::{
    Cost, Event, Figure, Inspection, Op, Operation, ROWS_MAX, Reply, Service, ServiceInfo, Table, Topic,
    operation,
};
#[cfg(feature = "whole")]
use std::cmp::Reverse;
use std::collections::VecDeque;

pub const SERVICE: ServiceInfo = ServiceInfo {
    id: "shortener",
    name: "URL shortener",
    summary: "Gives long addresses short codes, redirects, and counts the clicks.",
    operations: OPERATIONS,
    settings: SETTINGS,
    build: |knobs, seed| Box::new(Running::new(knobs, seed)),
};

const OPERATIONS: &[Operation] = &[
    operation("POST /links", "Shortens the URL that the key stands for."),
    operation("POST /custom", "Shortens it under a code that the user chose; each key has its own wish."),
    operation("GET /l", "Redirects to the URL that the key stands for, if it was shortened."),
    operation("GET /stats", "The clicks of its link, in all and per day."),
    operation("POST /clicks", "Counts a click: what the consumer of queued clicks does."),
    operation("GET /guess", "A stranger tries a code: one before his own, or any of a hash's length."),
];

const SETTINGS: &[Setting] = &[
    Setting::choice(
        "codes",
        "Codes from",
        &[("counter", "a counter, base 62"), ("md5", "MD5, base 62"), ("md5-hex", "MD5, hexadecimal")],
        "counter",
        "A counter never collides; a hash gives the same URL the same code.",
    ),
    Setting::integer(
        "code_chars",
        "Characters of a hash",
        "",
        (1.0, CODE_MAX as f64),
        7.0,
        "How much of the MD5 is used: fewer characters, more collisions.",
    )
    .usual(3.0, 10.0, Scale::Linear),
    Setting::choice(
        "clicks",
        "Clicks are counted",
        &[("inline", "at once"), ("queued", "from a queue"), ("off", "not at all")],
        "inline",
        "At once costs every redirect a write; from a queue it becomes an event.",
    ),
    Setting::integer(
        "links",
        "Links at the start",
        "",
        (0.0, LINKS_MAX as f64),
        1000.0,
        "The keys below this number are already shortened.",
    )
    .usual(0.0, 10_000.0, Scale::Linear),
    Setting::integer("links_max", "Links at most", "", (1.0, LINKS_MAX as f64), 20_000.0, "Room for links.")
        .usual(1000.0, LINKS_MAX as f64, Scale::Logarithmic),
    Setting::number(
        "lifetime_s",
        "Links live",
        "s",
        (0.0, 1e9),
        0.0,
        "After this time a link has expired; 0 for never.",
    )
    .usual(0.0, 3600.0, Scale::Linear),
    Setting::integer(
        "counter_block",
        "Numbers taken at a time",
        "",
        (0.0, 10_000.0),
        0.0,
        "How many codes one write to the counter's row gives; 0: the counter costs nothing.",
    )
    .usual(1.0, 1000.0, Scale::Logarithmic),
    Setting::number("day_s", "A day lasts", "s", (0.001, 86_400.0), 86_400.0, "For the clicks per day.")
        .usual(1.0, 86_400.0, Scale::Logarithmic),
];

#[derive(Clone, Debug)]
struct Running {
    links: Shortener,
    counting: Counting,
    /// The code that clients know for a key: the last one given out. At most twice as many as links.
    known: BTreeMap<u32, Code>,
    links_max: usize,
    events: u64,
    /// Of a code by hash.
    #[cfg(feature = "whole")]
    chars: usize,
    counter_block: u64,
    /// Writes to the counter's row.
    counter_writes: u64,
    /// The stream of what is drawn.
    draws: u64,
    guesses: u64,
    guessed: u64,
    redirects: u64,
    /// The codes that were made last and how many were tried for each, at most [`PLACES_SHOWN`].
    made: VecDeque<(Code, u32)>,
    /// The code that was asked for last, and whether a stranger guessed at it.
    asked: Option<(Code, bool)>,
}

impl Running {
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let chars = knobs.number("code_chars") as usize;
        let coding = match knobs.word("codes") {
            "md5" => Coding::Md5 { chars },
            "md5-hex" => Coding::Md5Hex { chars },
            _ => Coding::Counter,
        };
        let lifetime = Some(Span::from_seconds(knobs.number("lifetime_s"))).filter(|span| *span > Span::ZERO);
        let links_max = knobs.number("links_max") as usize;
        let mut running = Running {
            links: Shortener::new(coding, links_max, lifetime, Span::from_seconds(knobs.number("day_s"))),
            counting: match knobs.word("clicks") {
                "queued" => Counting::Queued,
                "off" => Counting::Off,
                _ => Counting::Inline,
            },
            known: BTreeMap::new(),
            links_max,
            events: 0,
            #[cfg(feature = "whole")]
            chars,
            counter_block: knobs.number("counter_block") as u64,
            counter_writes: 0,
            draws: seed,
            guesses: 0,
            guessed: 0,
            redirects: 0,
            made: VecDeque::with_capacity(PLACES_SHOWN + 1),
            asked: None,
        };
        for key in 0..(knobs.number("links") as usize).min(links_max) as u32 {
            running.make(key, Time::ZERO, false);
        }
        running.counter_writes = 0;
        running
    }

    fn make(&mut self, key: u32, now: Time, custom: bool) -> Reply {
        let url = url_of(key);
        let made = if custom {
            self.links.shorten_as(&url, &format!("my-{key}"), now)
        } else {
            self.links.shorten(&url, now)
        };
        match made {
            Ok(made) => {
                self.known.insert(key, made.code);
                self.forget();
                if !made.known {
                    self.made.push_front((made.code, made.attempts));
                    self.made.truncate(PLACES_SHOWN);
                }
                let counted = if custom { 0 } else { self.count(made.attempts) };
                let cost = Cost { reads: made.attempts, writes: u32::from(!made.known) + counted };
                Reply::ok(if made.known { "known" } else { "shortened" }, cost)
            }
            Err(error) => Reply::not(Outcome::Invalid, note(error)),
        }
    }

    /// So many numbers were taken from the counter: the writes to its row that this came to.
    fn count(&mut self, numbers: u32) -> u32 {
        if self.counter_block == 0 || self.links.coding() != Coding::Counter {
            return 0;
        }
        let blocks = |numbers: u64| numbers.div_ceil(self.counter_block);
        let next = self.links.next();
        let writes = blocks(next) - blocks(next.saturating_sub(numbers.into()));
        self.counter_writes += writes;
        writes as u32
    }

    fn guess(&mut self, op: &Op) -> Reply {
        let code = self.links.guess(&mut Draw::new(self.draws, op.seed));
        self.guesses += 1;
        self.asked = Some((code, true));
        match self.links.redirect(&code, op.now) {
            Found::Url(_) => {
                self.guessed += 1;
                Reply::ok("guessed", Cost { reads: 1, writes: 0 })
            }
            Found::Expired | Found::Unknown => Reply::not(Outcome::Invalid, "unknown code"),
        }
    }

    /// At least half of the codes no longer lead to their key's URL by then, so this is rarely done.
    fn forget(&mut self) {
        if self.known.len() > 2 * self.links_max {
            let links = self.links.links();
            self.known.retain(|key, code| links.get(code).is_some_and(|link| *link.url == *url_of(*key)));
        }
    }

    fn redirect(&mut self, op: &Op) -> Reply {
        let Some(code) = self.known.get(&op.key).copied() else {
            return Reply::not(Outcome::Invalid, "unknown code");
        };
        self.asked = Some((code, false));
        match self.links.redirect(&code, op.now) {
            Found::Unknown => Reply::not(Outcome::Invalid, "unknown code"),
            Found::Expired => Reply::not(Outcome::Invalid, "expired"),
            Found::Url(_) => {
                self.redirects += 1;
                let mut reply = Reply::ok("redirected", Cost { reads: 1, writes: 0 });
                match self.counting {
                    Counting::Inline => {
                        self.links.click(&code, op.now);
                        reply.cost.writes = 1;
                    }
                    Counting::Queued => {
                        self.events += 1;
                        let id = self.events;
                        reply.events = vec![Event {
                            topic: Topic::Click,
                            id,
                            key: op.key,
                            client: op.client,
                            detail: 1,
                        }];
                    }
                    Counting::Off => {}
                }
                reply
            }
        }
    }

    fn stats(&self, key: u32) -> Reply {
        match self.known.get(&key).and_then(|code| self.links.stats(code)) {
            Some((_, days)) => Reply::ok("counted", Cost { reads: 1 + days.len() as u32, writes: 0 }),
            None => Reply::not(Outcome::Invalid, "unknown code"),
        }
    }

    fn click(&mut self, op: &Op) -> Reply {
        let code = self.known.get(&op.key).copied();
        if code.is_some_and(|code| self.links.click(&code, op.now)) {
            Reply::ok("counted", Cost { reads: 0, writes: 1 })
        } else {
            Reply::not(Outcome::Invalid, "unknown code")
        }
    }
}

fn url_of(key: u32) -> String {
    format!("https://example.org/{key}")
}

fn note(error: MakeError) -> &'static str {
    match error {
        MakeError::Url => "not a URL",
        MakeError::Custom => "not a valid code",
        MakeError::Taken => "code taken",
        MakeError::Attempts => "no free code",
        MakeError::Full => "no room",
    }
}

impl Service for Running {
    fn handle(&mut self, op: &Op) -> Reply {
        match op.route {
            0 => self.make(op.key, op.now, false),
            1 => self.make(op.key, op.now, true),
            2 => self.redirect(op),
            3 => self.stats(op.key),
            4 => self.click(op),
            5 => self.guess(op),
            _ => Reply::not(Outcome::NoRoute, "no such operation"),
        }
    }

    fn inspect(&self, now: Time) -> Inspection {
        let links = self.links.links();
        let newest = links.values().map(|link| link.id).max().unwrap_or(0);
        let recent = links.iter().filter(|(_, link)| newest - link.id < ROWS_MAX as u32).take(ROWS_MAX);
        let rows = recent
            .map(|(code, link)| vec![code.as_str().to_owned(), link.url.to_string(), link.clicks.to_string()])
            .collect();
        Inspection {
            note: format!("{} links", links.len()),
            figures: vec![
                Figure::count("links", links.len() as u64),
                Figure::count("collisions", self.links.collisions()),
                Figure::count("clicks", self.links.clicks().counted()),
                Figure::count("redirects", self.redirects),
                Figure::count("events", self.events),
                Figure::count("guesses", self.guesses),
                Figure::count("guessed", self.guessed),
                Figure::count("counter writes", self.counter_writes),
                Figure::count("clicks today", self.links.clicks().on(self.links.day_of(now))),
            ],
            tables: vec![Table { name: "newest links", columns: &["code", "URL", "clicks"], rows }],
        }
    }

    #[cfg(feature = "whole")]
    fn view(&self, now: Time) -> ServiceView {
        let coding = self.links.coding();
        let links = self.links.links();
        let (n, space) = (links.len() as f64, coding.space(self.chars));
        let link = |(code, attempts): &(Code, u32)| {
            links.get(code).map(|link| LinkView {
                code: code.as_str().to_owned(),
                url: link.url.to_string(),
                clicks: link.clicks,
                attempts: *attempts,
            })
        };
        let newest = || self.made.iter().filter_map(link).take(LINKS_SHOWN).collect();
        let most_clicked = || {
            let mut most: Vec<(Reverse<u64>, Reverse<u32>, Code)> = vec![];
            for (code, it) in links {
                let place = (Reverse(it.clicks), Reverse(it.id), *code);
                if most.len() < LINKS_SHOWN || most.last().is_some_and(|last| place < *last) {
                    most.insert(most.partition_point(|other| *other < place), place);
                    most.truncate(LINKS_SHOWN);
                }
            }
            let attempts = |code| self.made.iter().find(|(made, _)| *made == code).map_or(1, |it| it.1);
            most.into_iter().filter_map(|(_, _, code)| link(&(code, attempts(code)))).collect()
        };
        let url = |code: &Code| match self.links.redirect(code, now) {
            Found::Url(url) => Some(url.to_string()),
            Found::Expired | Found::Unknown => None,
        };
        ServiceView::Shortener(Box::new(ShortenerView {
            coding: match coding {
                Coding::Counter => "counter, base 62".to_owned(),
                Coding::Md5 { chars } => format!("MD5, {chars} of base 62"),
                Coding::Md5Hex { chars } => format!("MD5, {chars} hexadecimal"),
            },
            digits: if matches!(coding, Coding::Md5Hex { .. }) { 16 } else { 62 },
            chars: self.chars as u32,
            links: links.len() as u32,
            collisions: self.links.collisions(),
            collisions_expected: (coding != Coding::Counter).then(|| n * (n - 1.0) / 2.0 / space),
            next: (coding == Coding::Counter).then(|| base62::encode(self.links.next()).as_str().to_owned()),
            places: self.made.iter().filter_map(|(code, _)| coding.place(code, self.chars)).collect(),
            shown: if self.links.clicks().counted() > 0 { most_clicked() } else { newest() },
            clicks: self.links.clicks().counted(),
            counting: self.counting,
            queued: self.events,
            redirects: self.redirects,
            last: self.asked.map(|(code, guess)| Redirected {
                code: code.as_str().to_owned(),
                url: url(&code),
                guess,
            }),
            guesses: self.guesses,
            guessed: self.guessed,
        }))
    }

    fn check(&self) -> Result<(), String> {
        if self.known.len() > 2 * self.links_max {
            return Err(format!("{} codes known for {} links", self.known.len(), self.links_max));
        }
        self.links.check()
    }
}
